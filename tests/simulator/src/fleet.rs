//! All simulated CVMs, each driven through its steps in real time.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use crate::cvm::{BOOT_STEPS, Cvm, CvmState};
use crate::lock::Lock;

/// How many changes a slow stream may lag behind; beyond that it goes on with the present state.
const CHANGES_KEPT: usize = 64;

/// The prefix of the names of a fleet's CVMs.
const NUMBERED: &str = "fleet-";

/// The simulated CVMs.
pub struct Fleet(Mutex<Vec<Arc<Machine>>>);

impl Fleet {
    /// The CVMs that are there at the start: one that boots when watched, one that runs, one whose boot fails, and
    /// `size` numbered ones.
    pub fn new(boot_step: Duration, size: u64) -> Self {
        let cvm = |name: &str| Cvm::new(name, boot_step);
        let setting_up_docker = BOOT_STEPS.len() - 2;
        let cvms = [
            cvm("my-app").starting_when_watched(),
            cvm("my-database").with_status("running", SystemTime::now()),
            cvm("broken-app").starting_when_watched().failing_at(setting_up_docker),
        ];
        let fleet = Self(Mutex::new(cvms.map(Machine::new).into()));
        let Ok(_) = fleet.number(size, |name| Ok::<_, Infallible>(cvm(name)));
        fleet
    }

    /// The CVM that `id` means.
    pub fn find(&self, id: &str) -> Option<Arc<Machine>> {
        self.machines().into_iter().find(|machine| machine.answers_to(id))
    }

    /// All CVMs that there are.
    pub fn machines(&self) -> Vec<Arc<Machine>> {
        let mut machines = self.0.locked();
        machines.retain(|machine| !machine.is_removed());
        machines.clone()
    }

    /// Whether two ids mean the same CVM, simulated or only scripted.
    pub fn same(&self, one: &str, other: &str) -> bool {
        one == other || self.find(one).is_some_and(|machine| machine.answers_to(other))
    }

    /// Replaces the CVM that `id` means, or adds one. Streams of the former go on with
    /// the latter.
    pub fn put(&self, id: &str, cvm: Cvm) -> Arc<Machine> {
        if let Some(machine) = self.find(id) {
            machine.change(|present, _| {
                present.replace_by(cvm);
                true
            });
            return machine;
        }
        let machine = Machine::new(cvm);
        self.0.locked().push(Arc::clone(&machine));
        machine
    }

    /// Makes CVMs called `fleet-001`, `fleet-002` and so on, and takes those of such a name away that are too many.
    ///
    /// # Errors
    /// The message of `make`; then nothing has changed.
    pub fn number<E>(&self, size: u64, make: impl Fn(&str) -> Result<Cvm, E>) -> Result<Vec<String>, E> {
        let names: Vec<String> = (1..=size).map(|number| format!("{NUMBERED}{number:03}")).collect();
        let cvms = names.iter().map(|name| make(name)).collect::<Result<Vec<_>, E>>()?;
        for machine in self.numbered().into_iter().filter(|machine| !names.contains(&machine.name())) {
            machine.change(|cvm, _| cvm.vanish());
        }
        for (name, cvm) in names.iter().zip(cvms) {
            self.put(name, cvm);
        }
        Ok(names)
    }

    /// The CVMs that [`Fleet::number`] made.
    pub fn numbered(&self) -> Vec<Arc<Machine>> {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut machines = self.machines();
        machines.retain(|machine| machine.name().strip_prefix(NUMBERED).is_some_and(is_number));
        machines
    }

    /// The names of all CVMs.
    pub fn names(&self) -> Vec<String> {
        self.machines().iter().map(|machine| machine.name()).collect()
    }
}

/// One CVM and those who watch it.
pub struct Machine {
    cvm: Mutex<Cvm>,
    changes: broadcast::Sender<CvmState>,
    transits: Mutex<u64>,
}

impl Machine {
    fn new(cvm: Cvm) -> Arc<Self> {
        let machine = Arc::new(Self {
            cvm: Mutex::new(cvm),
            changes: broadcast::channel(CHANGES_KEPT).0,
            transits: Mutex::default(),
        });
        machine.change(|_, _| true);
        machine
    }

    fn answers_to(&self, id: &str) -> bool {
        self.cvm.locked().answers_to(id)
    }

    /// The name that states show.
    pub fn name(&self) -> String {
        self.cvm.locked().name().to_owned()
    }

    /// Whether there is no such CVM any more.
    pub fn is_removed(&self) -> bool {
        self.cvm.locked().is_removed()
    }

    /// The present state.
    pub fn state(&self) -> CvmState {
        self.cvm.locked().state(SystemTime::now())
    }

    /// The present state, and every one that follows it.
    pub fn subscribe(&self) -> (CvmState, broadcast::Receiver<CvmState>) {
        let cvm = self.cvm.locked();
        (cvm.state(SystemTime::now()), self.changes.subscribe())
    }

    /// Changes the CVM by `act`, which says whether it did, and tells those who watch.
    pub fn change(self: &Arc<Self>, act: impl FnOnce(&mut Cvm, SystemTime) -> bool) {
        let mut cvm = self.cvm.locked();
        let now = SystemTime::now();
        if !act(&mut cvm, now) {
            return;
        }
        // It is no error if there is no watcher.
        let _ = self.changes.send(cvm.state(now));
        let mut transits = self.transits.locked();
        *transits += 1;
        if cvm.is_in_transit() {
            tokio::spawn(Arc::clone(self).drive(*transits, cvm.step_time()));
        }
    }

    /// Moves the CVM step by step to its next settled status, unless another change comes before.
    async fn drive(self: Arc<Self>, transit: u64, step_time: Duration) {
        loop {
            tokio::time::sleep(step_time).await;
            let mut cvm = self.cvm.locked();
            if *self.transits.locked() != transit {
                return;
            }
            let now = SystemTime::now();
            cvm.step(now);
            let _ = self.changes.send(cvm.state(now));
            if !cvm.is_in_transit() {
                return;
            }
        }
    }
}
