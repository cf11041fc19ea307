//! The files of a measurement, for those who plot.
//!
//! `latency.json` is the [`Summary`]. `latency.hlog` is an interval log (V2,
//! compressed, base64) of nanoseconds, tagged: `end_to_end` (of a closed loop
//! `service_time`) in intervals of at least a second, by when orders were due,
//! and each stage over the whole time. `NAME.hgrm` is one percentile
//! distribution in HdrHistogram's text format, in microseconds. `timeline.csv`
//! has the longest wait of each short time.

use super::{Named, Summary, Tally};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Lines for each halving of what is left above, as HdrHistogram's tools write.
const TICKS_PER_HALF: u32 = 5;
const NS_PER_US: f64 = 1_000.0;
/// The result.
pub const SUMMARY: &str = "latency.json";
const LOG: &str = "latency.hlog";
const TIMELINE: &str = "timeline.csv";

/// All that a measurement gave.
pub struct Measured {
    /// The result.
    pub summary: Summary,
    /// What was counted.
    pub tally: Tally,
    /// Each stage.
    pub stages: Vec<Named>,
}

impl Measured {
    /// What the loop measured, in the words of the files.
    #[must_use]
    pub fn main(&self) -> &'static str {
        if self.summary.end_to_end.is_some() { "end_to_end" } else { "service_time" }
    }

    /// Writes the files into a directory, which is made if it is not there.
    ///
    /// # Errors
    /// When a file cannot be written; the text names it.
    pub fn write(&self, directory: &Path) -> Result<(), String> {
        std::fs::create_dir_all(directory)
            .map_err(|error| format!("{} cannot be made: {error}", directory.display()))?;
        let write = |name: &str, content: &dyn Fn(&mut BufWriter<File>) -> io::Result<()>| {
            write_file(&directory.join(name), content)
        };
        write(SUMMARY, &|file| {
            serde_json::to_writer_pretty(&mut *file, &self.summary)?;
            writeln!(file)
        })?;
        write(&format!("{}.hgrm", self.main()), &|file| {
            percentile_distribution(&self.tally.series.total(), file)
        })?;
        for (name, histogram) in &self.stages {
            write(&format!("{name}.hgrm"), &|file| percentile_distribution(histogram, file))?;
        }
        write(LOG, &|file| self.interval_log(file))?;
        write(TIMELINE, &|file| self.timeline(file))
    }

    fn interval_log(&self, out: &mut impl Write) -> io::Result<()> {
        let duration = Duration::from_secs_f64(self.summary.workload.duration_s);
        let start = SystemTime::now() - duration;
        let mut serializer = V2DeflateSerializer::new();
        let mut log = IntervalLogWriterBuilder::new()
            .add_comment("ringmatch latency: nanoseconds, from the end of the warm-up")
            .with_start_time(start)
            .with_base_time(start)
            .begin_log_with(out, &mut serializer)?;
        let main = self.tally.series.intervals();
        let main = main.map(|(start, length, noted)| (self.main(), start, length, noted));
        let stages = self.stages.iter();
        let stages = stages.map(|(name, noted)| (name.as_str(), Duration::ZERO, duration, noted));
        for (name, start, length, noted) in main.chain(stages) {
            log.write_histogram(noted, start, length, Tag::new(name))
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
        Ok(())
    }

    fn timeline(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "start_s,orders,max_us")?;
        for (start, bin) in self.tally.series.timeline() {
            let (start_s, max_us) = (start.as_secs_f64(), bin.max_ns as f64 / NS_PER_US);
            writeln!(out, "{start_s:.6},{},{max_us:.3}", bin.count)?;
        }
        Ok(())
    }
}

/// Writes one file.
///
/// # Errors
/// When it cannot be written; the text names it.
pub fn write_file(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), String> {
    let written = File::create(path).and_then(|file| {
        let mut file = BufWriter::new(file);
        content(&mut file)?;
        file.flush()
    });
    written.map_err(|error| format!("{} cannot be written: {error}", path.display()))
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

/// A measurement, read back from its files.
pub struct Recorded {
    /// Where they are.
    pub directory: PathBuf,
    /// The result.
    pub summary: Summary,
    /// All histograms of the log by their tags, each tag's intervals added up,
    /// in the order of the log.
    pub histograms: Vec<Named>,
    /// Seconds from the start, and the longest wait in microseconds then; what
    /// had no order is left out.
    pub timeline: Vec<(f64, f64)>,
}

impl Recorded {
    /// Reads the files in a directory.
    ///
    /// # Errors
    /// When one is not there or is none of ours; the text names it.
    pub fn read(directory: &Path) -> Result<Self, String> {
        let read = |name: &str| {
            let path = directory.join(name);
            let bytes = std::fs::read(&path);
            bytes.map_err(|error| format!("{} cannot be read: {error}", path.display()))
        };
        let wrong = |name: &str, error: &dyn std::fmt::Display| {
            format!("{} is not as this program writes it: {error}", directory.join(name).display())
        };
        let log = read(LOG)?;
        let timeline =
            String::from_utf8(read(TIMELINE)?).map_err(|error| wrong(TIMELINE, &error))?;
        Ok(Self {
            directory: directory.to_owned(),
            summary: read_summary(&directory.join(SUMMARY))?,
            histograms: read_log(&log).map_err(|error| wrong(LOG, &error))?,
            timeline: read_timeline(&timeline).map_err(|error| wrong(TIMELINE, &error))?,
        })
    }
}

/// Reads a `latency.json`.
///
/// # Errors
/// When it is not there, or of another schema; the text names it.
pub fn read_summary(path: &Path) -> Result<Summary, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("{name} cannot be read: {error}"))?;
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| format!("{name} is no JSON: {error}"))?;
    if value["schema"] != super::SCHEMA {
        let (found, wanted) = (&value["schema"], super::SCHEMA);
        return Err(format!("{name} has the schema {found}, and this program reads {wanted}"));
    }
    serde_json::from_value(value).map_err(|error| format!("{name} is incomplete: {error}"))
}

fn read_log(bytes: &[u8]) -> Result<Vec<Named>, String> {
    let mut histograms: Vec<Named> = Vec::new();
    for entry in IntervalLogIterator::new(bytes) {
        let entry = entry.map_err(|_| "a line is no entry of an interval log")?;
        let LogEntry::Interval(interval) = entry else { continue };
        let tag = interval.tag().ok_or("an interval has no tag")?.as_str();
        let encoded =
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, interval.encoded_histogram());
        let encoded = encoded.map_err(|error| error.to_string())?;
        let histogram: Histogram<u64> = Deserializer::new()
            .deserialize(&mut &encoded[..])
            .map_err(|error| error.to_string())?;
        match histograms.iter_mut().find(|(name, _)| name == tag) {
            Some((_, total)) => total.add(histogram).map_err(|error| error.to_string())?,
            None => histograms.push((tag.to_owned(), histogram)),
        }
    }
    Ok(histograms)
}

fn read_timeline(text: &str) -> Result<Vec<(f64, f64)>, String> {
    let mut points = Vec::new();
    for line in text.lines().skip(1) {
        let mut fields = line.split(',').map(str::parse::<f64>);
        let (Some(Ok(start_s)), Some(Ok(orders)), Some(Ok(max_us))) =
            (fields.next(), fields.next(), fields.next())
        else {
            return Err(format!("{line:?} is no line of three numbers"));
        };
        if orders > 0.0 {
            points.push((start_s, max_us));
        }
    }
    Ok(points)
}
