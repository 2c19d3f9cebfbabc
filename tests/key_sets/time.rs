//! Virtual time, and tasks that live in it, on one thread: nothing happens but what a test lets happen, and hours take
//! no time.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// How a task is.
enum Task {
    Running(Work),
    /// Never polled again, and not dropped either: as a runtime leaves what a client no longer waits for.
    Abandoned(#[expect(dead_code, reason = "it is kept, and that is all")] Work),
    Gone,
}

/// The tasks that can go on.
#[derive(Default)]
struct Ready(Mutex<VecDeque<usize>>);

struct Wakes {
    ready: Arc<Ready>,
    task: usize,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.task);
    }
}

/// The clock and the tasks.
#[derive(Default)]
pub(crate) struct Time {
    /// Milliseconds since the Unix epoch.
    now: Cell<i64>,
    /// Who is to be woken when. Of those for whom it is the same moment, the first one first.
    timers: RefCell<BTreeMap<(i64, u64), Waker>>,
    timers_set: Cell<u64>,
    tasks: RefCell<Vec<Task>>,
    /// The tasks that are held up, and until when.
    held_up: RefCell<BTreeMap<usize, i64>>,
    ready: Arc<Ready>,
}

/// A task that was begun, and what came of it.
pub(crate) struct Begun<T> {
    time: Rc<Time>,
    task: usize,
    came: Rc<RefCell<Option<T>>>,
}

impl Time {
    pub(crate) fn starting_at(now: i64) -> Rc<Self> {
        Rc::new(Self { now: Cell::new(now), ..Self::default() })
    }

    pub(crate) fn now(&self) -> i64 {
        self.now.get()
    }

    /// Lets time pass for the task that awaits this.
    pub(crate) async fn sleep(&self, milliseconds: i64) {
        let end = self.now().saturating_add(milliseconds);
        let mut is_set = false;
        poll_fn(|context| {
            if self.now() >= end {
                return Poll::Ready(());
            }
            if !is_set {
                self.wake_at(end, context.waker().clone());
                is_set = true;
            }
            Poll::Pending
        })
        .await;
    }

    fn wake_at(&self, at: i64, waker: Waker) {
        self.timers_set.set(self.timers_set.get() + 1);
        self.timers.borrow_mut().insert((at, self.timers_set.get()), waker);
    }

    /// Begins a task, which comes as far as it can at once.
    pub(crate) fn begin<T: 'static>(self: &Rc<Self>, work: impl Future<Output = T> + 'static) -> Begun<T> {
        let came = Rc::new(RefCell::new(None));
        let leave = Rc::clone(&came);
        let task = self.tasks.borrow().len();
        let work = Box::pin(async move { *leave.borrow_mut() = Some(work.await) });
        self.tasks.borrow_mut().push(Task::Running(work));
        self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(task);
        Begun { time: Rc::clone(self), task, came }
    }

    /// Lets the tasks go on that can, at this very moment.
    pub(crate) fn settle(&self) {
        loop {
            let task = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(task) = task else { return };
            if let Some(until) = self.held_up.borrow().get(&task).copied().filter(|until| self.now() < *until) {
                self.wake_at(until, Waker::from(Arc::new(Wakes { ready: Arc::clone(&self.ready), task })));
                continue;
            }
            // Taken out, since a task may begin another one.
            let work = std::mem::replace(&mut self.tasks.borrow_mut()[task], Task::Gone);
            let after = match work {
                Task::Running(mut work) => {
                    let waker = Waker::from(Arc::new(Wakes { ready: Arc::clone(&self.ready), task }));
                    match work.as_mut().poll(&mut Context::from_waker(&waker)) {
                        Poll::Ready(()) => Task::Gone,
                        Poll::Pending => Task::Running(work),
                    }
                }
                other => other,
            };
            self.tasks.borrow_mut()[task] = after;
        }
    }

    /// Lets time pass until then, or until this is so.
    pub(crate) fn pass_until(&self, end: i64, done: impl Fn() -> bool) {
        loop {
            self.settle();
            if done() {
                return;
            }
            let next = self.timers.borrow().first_key_value().map(|(key, _)| *key).filter(|(at, _)| *at <= end);
            let Some(key) = next else {
                self.now.set(self.now().max(end));
                return;
            };
            self.now.set(self.now().max(key.0));
            let waker = self.timers.borrow_mut().remove(&key);
            waker.into_iter().for_each(Waker::wake);
        }
    }

    /// Lets some milliseconds pass.
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.pass_until(self.now().saturating_add(milliseconds), || false);
        self.settle();
    }
}

impl<T> Begun<T> {
    pub(crate) fn is_over(&self) -> bool {
        self.came.borrow().is_some()
    }

    /// What came of it by now.
    pub(crate) fn outcome(&self) -> Option<T> {
        self.came.borrow_mut().take()
    }

    /// Lets time pass until it is over.
    pub(crate) fn wait(self, longest: i64) -> T {
        self.time.pass_until(self.time.now().saturating_add(longest), || self.is_over());
        self.outcome().unwrap_or_else(|| panic!("not over after {longest} ms"))
    }

    /// Leaves it where it is: it is never polled again, and keeps what it has.
    pub(crate) fn abandon(&self) {
        let task = &mut self.time.tasks.borrow_mut()[self.task];
        if let Task::Running(work) = std::mem::replace(task, Task::Gone) {
            *task = Task::Abandoned(work);
        }
    }

    /// Keeps it from going on until then, as a runtime does that has other work.
    pub(crate) fn hold(&self, until: i64) {
        self.time.held_up.borrow_mut().insert(self.task, until);
    }

    /// Drops it.
    pub(crate) fn cancel(&self) {
        let work = std::mem::replace(&mut self.time.tasks.borrow_mut()[self.task], Task::Gone);
        drop(work);
    }
}
