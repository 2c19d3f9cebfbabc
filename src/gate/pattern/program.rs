//! Patterns as programs for a machine without backtracking (Thompson's, and Pike's where groups are asked for): the time
//! that a path takes is its length times the length of the program, whatever either holds.

use std::ops::Range;

/// The most operations of a program.
pub(super) const MOST_OPS: usize = 2_048;

/// A set of ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Set(u128);

impl Set {
    pub(super) const EMPTY: Self = Self(0);
    pub(super) const ANY: Self = Self(u128::MAX);

    pub(super) const fn of(byte: u8) -> Self {
        Self(if byte < 128 { 1 << byte } else { 0 })
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn inverted(self) -> Self {
        Self(!self.0)
    }

    pub(super) const fn has(self, byte: u8) -> bool {
        self.0 & Self::of(byte).0 != 0
    }

    /// The one character in it, if there is one alone.
    pub(super) fn only(self) -> Option<u8> {
        let byte = u8::try_from(self.0.trailing_zeros()).ok()?;
        self.0.is_power_of_two().then_some(byte)
    }

    /// With the small letter of every capital in it: for texts in small letters.
    fn lowered(self) -> Self {
        (b'A'..=b'Z')
            .filter(|byte| self.has(*byte))
            .fold(self, |set, byte| set.with(Self::of(byte.to_ascii_lowercase())))
    }
}

/// What a program is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Byte(u8),
    Set(Set),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: u16,
        most: Option<u16>,
        greedy: bool,
    },
    /// What is matched inside can be asked for by this number.
    Group(usize, Box<Node>),
}

impl Node {
    pub(super) fn text(text: &str) -> Self {
        Self::Sequence(text.bytes().map(Self::Byte).collect())
    }

    /// The same for texts in small letters.
    pub(super) fn lowered(&self) -> Self {
        let all = |nodes: &[Self]| nodes.iter().map(Self::lowered).collect();
        match self {
            Self::Byte(byte) => Self::Byte(byte.to_ascii_lowercase()),
            Self::Set(set) => Self::Set(set.lowered()),
            Self::Sequence(nodes) => Self::Sequence(all(nodes)),
            Self::Either(nodes) => Self::Either(all(nodes)),
            Self::Repeat { node, least, most, greedy } => {
                Self::Repeat { node: Box::new(node.lowered()), least: *least, most: *most, greedy: *greedy }
            }
            Self::Group(number, node) => Self::Group(*number, Box::new(node.lowered())),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Byte(u8),
    Set(Set),
    /// Goes on at both, the first first.
    Split(usize, usize),
    Jump(usize),
    /// Puts down the place in the text: of the start of group `n` at `2n`, of its end at `2n + 1`.
    Save(usize),
    Match,
}

/// A program that takes a text as a whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    ops: Vec<Op>,
    /// What every text that it takes begins with; the operations for it are the first.
    head: Vec<u8>,
}

impl Program {
    /// The program of a node.
    ///
    /// # Errors
    /// Where it would be too long.
    pub(super) fn of(node: &Node) -> Result<Self, String> {
        let mut ops = Vec::new();
        compile(node, &mut ops)?;
        push(&mut ops, Op::Match)?;
        let head = ops.iter().map_while(|op| if let Op::Byte(byte) = op { Some(*byte) } else { None }).collect();
        Ok(Self { ops, head })
    }

    pub(super) fn op(&self, place: usize) -> Option<&Op> {
        self.ops.get(place)
    }

    /// Whether it takes the whole text.
    pub(super) fn matches(&self, text: &[u8]) -> bool {
        let Some(rest) = text.strip_prefix(self.head.as_slice()) else { return false };
        // The most of all patterns are fixed text.
        if let Some(Op::Match) = self.op(self.head.len()) {
            return rest.is_empty();
        }
        let mut here = self.follow([self.head.len()]);
        // The bytes that are known to lead from here to here. One loop reads the most of a long path, for each of the
        // routes: whoever sends such paths must not make it dear.
        let mut stays = Set::EMPTY;
        for byte in rest {
            if stays.has(*byte) {
                continue;
            }
            let next = self.step(&here, *byte);
            if next.is_empty() {
                return false;
            }
            if next == here {
                stays = stays.with(Set::of(*byte));
            } else {
                (here, stays) = (next, Set::EMPTY);
            }
        }
        self.accepts(&here)
    }

    /// The places that are reached without reading anything, and at which something is read or the program ends.
    pub(super) fn follow(&self, from: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut seen = vec![false; self.ops.len()];
        let mut reached = Vec::new();
        let mut open: Vec<usize> = from.into_iter().collect();
        while let Some(place) = open.pop() {
            match seen.get_mut(place) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            match self.op(place) {
                Some(Op::Split(one, other)) => open.extend([*other, *one]),
                Some(Op::Jump(to)) => open.push(*to),
                Some(Op::Save(_)) => open.push(place.saturating_add(1)),
                Some(Op::Byte(_) | Op::Set(_) | Op::Match) => reached.push(place),
                None => {}
            }
        }
        reached
    }

    /// Where it stands after one more byte.
    pub(super) fn step(&self, here: &[usize], byte: u8) -> Vec<usize> {
        let read = here.iter().filter(|place| self.op(**place).is_some_and(|op| op.reads(byte)));
        self.follow(read.map(|place| place.saturating_add(1)).collect::<Vec<_>>())
    }

    /// Whether a text may end here.
    pub(super) fn accepts(&self, here: &[usize]) -> bool {
        here.iter().any(|place| matches!(self.op(*place), Some(Op::Match)))
    }

    /// Where the group of this number stands in a text that the program takes.
    pub(super) fn group(&self, text: &[u8], number: usize) -> Option<Range<usize>> {
        let (start, end) = (number.saturating_mul(2), number.saturating_mul(2).saturating_add(1));
        let mut threads = Vec::new();
        self.spawn(
            Thread { place: 0, slots: [None; 2] },
            0,
            (start, end),
            &mut vec![false; self.ops.len()],
            &mut threads,
        );
        for (at, byte) in text.iter().enumerate() {
            let mut next = Vec::new();
            let mut seen = vec![false; self.ops.len()];
            for thread in &threads {
                if self.op(thread.place).is_some_and(|op| op.reads(*byte)) {
                    let moved = Thread { place: thread.place.saturating_add(1), ..*thread };
                    self.spawn(moved, at.saturating_add(1), (start, end), &mut seen, &mut next);
                }
            }
            threads = next;
        }
        // The first has the precedence that a backtracking matcher would give it.
        let winner = threads.iter().find(|thread| matches!(self.op(thread.place), Some(Op::Match)))?;
        let [from, to] = winner.slots;
        Some(from?..to?)
    }

    fn spawn(
        &self,
        thread: Thread,
        at: usize,
        (start, end): (usize, usize),
        seen: &mut [bool],
        threads: &mut Vec<Thread>,
    ) {
        let mut open = vec![thread];
        while let Some(mut thread) = open.pop() {
            match seen.get_mut(thread.place) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            match self.op(thread.place) {
                Some(Op::Split(one, other)) => {
                    open.extend([Thread { place: *other, ..thread }, Thread { place: *one, ..thread }]);
                }
                Some(Op::Jump(to)) => open.push(Thread { place: *to, ..thread }),
                Some(Op::Save(slot)) => {
                    let [from, to] = &mut thread.slots;
                    if *slot == start {
                        *from = Some(at);
                    } else if *slot == end {
                        *to = Some(at);
                    }
                    open.push(Thread { place: thread.place.saturating_add(1), ..thread });
                }
                Some(Op::Byte(_) | Op::Set(_) | Op::Match) => threads.push(thread),
                None => {}
            }
        }
    }
}

impl Op {
    pub(super) fn reads(self, byte: u8) -> bool {
        match self {
            Self::Byte(expected) => expected == byte,
            Self::Set(set) => set.has(byte),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Thread {
    place: usize,
    slots: [Option<usize>; 2],
}

fn push(ops: &mut Vec<Op>, op: Op) -> Result<usize, String> {
    if ops.len() >= MOST_OPS {
        return Err("larger than a pattern may be".to_owned());
    }
    ops.push(op);
    Ok(ops.len().saturating_sub(1))
}

fn set(ops: &mut [Op], place: usize, op: Op) {
    if let Some(found) = ops.get_mut(place) {
        *found = op;
    }
}

/// A split whose first way is to go on, or not to.
const fn split(greedy: bool, on: usize, out: usize) -> Op {
    if greedy { Op::Split(on, out) } else { Op::Split(out, on) }
}

fn compile(node: &Node, ops: &mut Vec<Op>) -> Result<(), String> {
    match node {
        Node::Byte(byte) => push(ops, Op::Byte(*byte)).map(|_| ()),
        Node::Set(one) => push(ops, Op::Set(*one)).map(|_| ()),
        Node::Sequence(nodes) => nodes.iter().try_for_each(|node| compile(node, ops)),
        Node::Either(nodes) => {
            let mut ends = Vec::new();
            let mut ways = nodes.iter().peekable();
            while let Some(way) = ways.next() {
                if ways.peek().is_none() {
                    compile(way, ops)?;
                    break;
                }
                let fork = push(ops, Op::Match)?;
                compile(way, ops)?;
                ends.push(push(ops, Op::Match)?);
                let next = ops.len();
                set(ops, fork, Op::Split(fork.saturating_add(1), next));
            }
            let end = ops.len();
            for place in ends {
                set(ops, place, Op::Jump(end));
            }
            Ok(())
        }
        Node::Repeat { node, least, most, greedy } => {
            for _ in 0..*least {
                let before = ops.len();
                compile(node, ops)?;
                // Nothing, however often, is nothing.
                if ops.len() == before {
                    return Ok(());
                }
            }
            if let Some(most) = most {
                let mut forks = Vec::new();
                for _ in *least..*most {
                    forks.push(push(ops, Op::Match)?);
                    compile(node, ops)?;
                }
                let end = ops.len();
                for fork in forks {
                    set(ops, fork, split(*greedy, fork.saturating_add(1), end));
                }
            } else {
                let fork = push(ops, Op::Match)?;
                compile(node, ops)?;
                push(ops, Op::Jump(fork))?;
                let end = ops.len();
                set(ops, fork, split(*greedy, fork.saturating_add(1), end));
            }
            Ok(())
        }
        Node::Group(number, node) => {
            let start = number.saturating_mul(2);
            push(ops, Op::Save(start))?;
            compile(node, ops)?;
            push(ops, Op::Save(start.saturating_add(1))).map(|_| ())
        }
    }
}
