//! The files of a measurement, for those who plot.
//!
//! `latency.json` is the [`Summary`]; `end_to_end.hgrm` the percentile
//! distribution in HdrHistogram's text format, values in microseconds;
//! `latency.hlog` an interval log (V2, compressed, base64) with one histogram of
//! nanoseconds for each tag: `end_to_end` and each stage.

use super::Summary;
use crate::pipeline::Timing;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Lines for each halving of what is left above, as HdrHistogram's tools write.
const TICKS_PER_HALF: u32 = 5;
const NS_PER_US: f64 = 1_000.0;

/// Writes the three files into a directory, which is made if it is not there.
///
/// # Errors
/// When a file cannot be written; the text names it.
pub fn write_files(
    directory: &Path,
    summary: &Summary,
    end_to_end: &Histogram<u64>,
    timings: &[Timing],
    duration: Duration,
) -> Result<(), String> {
    let write = |name: &str, content: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
        let path = directory.join(name);
        let written = File::create(&path).and_then(|file| {
            let mut file = BufWriter::new(file);
            content(&mut file)?;
            file.flush()
        });
        written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
    };
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("{} cannot be made: {error}", directory.display()))?;
    write("latency.json", &|file| {
        serde_json::to_writer_pretty(&mut *file, summary)?;
        writeln!(file)
    })?;
    write("end_to_end.hgrm", &|file| percentile_distribution(end_to_end, file))?;
    write("latency.hlog", &|file| interval_log(end_to_end, timings, duration, file))
}

/// As `HistogramLogProcessor` and `outputPercentileDistribution` write it.
fn percentile_distribution(histogram: &Histogram<u64>, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS_PER_HALF) {
        total += step.count_since_last_iteration();
        let value = step.value_iterated_to() as f64 / NS_PER_US;
        let quantile = step.quantile_iterated_to();
        write!(out, "{value:>12.3} {quantile:>2.12} {total:>10}")?;
        if quantile < 1.0 {
            writeln!(out, " {:>14.2}", 1.0 / (1.0 - quantile))?;
        } else {
            writeln!(out)?;
        }
    }
    let (mean, deviation) = (histogram.mean() / NS_PER_US, histogram.stdev() / NS_PER_US);
    writeln!(out, "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]")?;
    let max = histogram.max() as f64 / NS_PER_US;
    writeln!(out, "#[Max     = {max:>12.3}, Total count    = {:>12}]", histogram.len())?;
    let sub_buckets = 2_u32 << (32 - (10_u32.pow(histogram.sigfig().into())).leading_zeros());
    let buckets = histogram.buckets();
    writeln!(out, "#[Buckets = {buckets:>12}, SubBuckets     = {sub_buckets:>12}]")
}

fn interval_log(
    end_to_end: &Histogram<u64>,
    timings: &[Timing],
    duration: Duration,
    out: &mut impl Write,
) -> io::Result<()> {
    let start = SystemTime::now() - duration;
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("ringmatch latency: nanoseconds")
        .with_start_time(start)
        .with_base_time(start)
        .begin_log_with(out, &mut serializer)?;
    let stages = timings.iter().map(|timing| (timing.name, &timing.histogram));
    for (name, histogram) in [("end_to_end", end_to_end)].into_iter().chain(stages) {
        let tag = Tag::new(name);
        log.write_histogram(histogram, Duration::ZERO, duration, tag)
            .map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok(())
}
