//! Names the bugs that a schedule of faults can inject, to test that the test detects them.

/// A bug that is injected on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// None: no number may drift.
    Nothing,
    /// The store forgets which records an aggregate holds.
    WatermarkIgnored,
    /// The store overwrites what was written meanwhile.
    ConditionIgnored,
    /// The event source ignores the failures that the handler reports.
    FailuresIgnored,
    /// The store forgets the window of recent clicks.
    WindowForgotten,
}
