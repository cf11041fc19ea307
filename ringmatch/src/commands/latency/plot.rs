//! `ringmatch latency plot`: a measurement, drawn.

use super::super::Outcome;
use crate::latency::plot::{Pictures, page, svg, terminal};
use crate::latency::{Recorded, write_file};
use clap::Parser;
use std::io::Write;
use std::path::PathBuf;

/// Draw what `run --out` wrote: on the terminal, as SVG, and as one HTML page
#[derive(Parser)]
pub(super) struct PlotArgs {
    /// The directory that `run --out` wrote
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Write percentiles.svg, stages.svg, timeline.svg and latency.html there;
    /// without it, beside the files drawn
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &PlotArgs) -> Outcome {
    let recorded = Recorded::read(&args.directory)?;
    let pictures = Pictures::of(&recorded);
    let out = args.out.as_ref().unwrap_or(&args.directory);
    std::fs::create_dir_all(out)
        .map_err(|error| format!("{} cannot be made: {error}", out.display()))?;
    for (name, chart) in pictures.named() {
        println!("{}", terminal(chart));
        write_file(&out.join(name).with_extension("svg"), |file| {
            file.write_all(svg(chart).as_bytes())
        })?;
    }
    let path = out.join("latency.html");
    write_file(&path, |file| file.write_all(page(&recorded, &pictures).as_bytes()))?;
    if !recorded.summary.valid {
        println!("NOT VALID: {}", recorded.summary.doubts.join("; "));
    }
    println!("page         {}", path.display());
    Ok(true)
}
