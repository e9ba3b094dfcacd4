//! Reads figures of a process from the kernel: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The CPU time of all threads of a process, in user mode and in the kernel. In nanoseconds; `/proc/PID/stat` has
/// hundredths of a second only.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat")).context("the kernel keeps no schedstat")?;
        nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The peak of a process's resident memory, in units of 1024 bytes.
pub(crate) fn peak_rss_kb(pid: u32) -> Result<u64> {
    peak_in(&fs::read_to_string(format!("/proc/{pid}/status"))?)
}

fn peak_in(status: &str) -> Result<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel gives no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_is_read_from_the_status() {
        let status = "Name:\tredirect\nVmPeak:\t  123 kB\nVmHWM:\t   10244 kB\nVmRSS:\t 99 kB\n";
        assert_eq!(peak_in(status).unwrap(), 10_244);
        assert!(peak_in("Name:\tredirect\n").is_err());
    }
}
