//! What happened in a run, and what of it must not have.

use edgeward::verdict::Reason;

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was granted, by what was true before the key ended.
    Old,
    /// It was granted, by what is true since.
    New,
    Refused(Reason),
    /// Nobody could tell (503).
    Undecided(Reason),
}

/// One request. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) isolate: usize,
    /// When it was decided.
    pub(crate) at: i64,
    pub(crate) came: Came,
    /// Whether the store failed its isolate meanwhile.
    pub(crate) failed: bool,
}

/// What must hold in a run. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Before this nobody may be refused.
    pub(crate) refused_from: i64,
    /// After this nobody may be let through by what was true before.
    pub(crate) last_old: i64,
    /// The reason of refusals; none where there are none.
    pub(crate) reason: Option<Reason>,
    /// Whether it may be that nobody can tell for want of a signed deny list.
    pub(crate) without_list: bool,
}

/// A run.
pub(crate) struct Run {
    /// When the end of the key was in the store.
    pub(crate) written: i64,
    /// The stated bound from there, in milliseconds.
    pub(crate) bound: i64,
    pub(crate) terms: Terms,
    pub(crate) log: Vec<Seen>,
    pub(crate) isolates: usize,
}

impl Run {
    /// For each isolate that let the key through after its end was written, how long after it did so for the last time, in
    /// milliseconds. The shortest first.
    pub(crate) fn lasts(&self) -> Vec<i64> {
        let mut lasts = vec![None; self.isolates];
        for seen in self.log.iter().filter(|seen| seen.came == Came::Old && seen.at >= self.written) {
            lasts[seen.isolate] = lasts[seen.isolate].max(Some(seen.at - self.written));
        }
        let mut lasts: Vec<i64> = lasts.into_iter().flatten().collect();
        lasts.sort_unstable();
        lasts
    }

    /// The longest of them.
    pub(crate) fn longest(&self) -> i64 {
        self.lasts().last().copied().unwrap_or_default()
    }

    pub(crate) fn count(&self, is: impl Fn(&Seen) -> bool) -> usize {
        self.log.iter().filter(|seen| is(seen)).count()
    }

    /// What must not have happened, in words: the verdict of the simulation.
    pub(crate) fn violations(&self) -> Vec<String> {
        let Terms { refused_from, last_old, reason, without_list } = self.terms;
        let mut found: Vec<_> = self
            .log
            .iter()
            .filter_map(|seen| {
                let wrong = match seen.came {
                    Came::Old if seen.at > last_old => "was let through after the bound",
                    Came::Refused(_) if seen.at < refused_from => "was refused before the end of the key",
                    Came::Refused(given) if Some(given) != reason => "was refused for another reason",
                    Came::Undecided(Reason::StoreUnavailable) if seen.failed => return None,
                    Came::Undecided(Reason::DenySnapshotStale | Reason::DenySnapshotUnavailable) if without_list => {
                        return None;
                    }
                    Came::Undecided(_) => "was not decided, and the store answered",
                    _ => return None,
                };
                let after = seen.at - self.written;
                Some(format!("isolate {}: {wrong}: {:?} {after} ms after the end", seen.isolate, seen.came))
            })
            .collect();
        // A run in which nothing happens shows nothing.
        let usual = [
            (self.count(|seen| seen.came == Came::Old && seen.at < refused_from), "nobody was let through before"),
            (self.count(|seen| seen.at > last_old && seen.came != Came::Old), "nobody asked after the bound"),
        ];
        found.extend(
            usual.into_iter().filter(|(count, _)| *count * 2 < self.isolates).map(|(_, words)| words.to_owned()),
        );
        found
    }

    /// Holds that nothing of it happened.
    #[track_caller]
    pub(crate) fn holds(&self, what: &str) {
        let violations = self.violations();
        let first: Vec<_> = violations.iter().take(3).collect();
        assert!(violations.is_empty(), "{what}: {} violations, as {first:#?}", violations.len());
    }
}
