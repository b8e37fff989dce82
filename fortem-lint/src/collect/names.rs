//! Names of resources that are read because others name them: each is read once, while more are found.

use std::collections::BTreeSet;

use futures_util::{Stream, stream};
use tokio::sync::mpsc::{self, UnboundedSender};

/// Where names are put that are found; whoever reads them comes to an end when all of these are dropped.
#[derive(Debug, Clone)]
pub(super) struct Names(UnboundedSender<String>);

impl Names {
    pub(super) fn add(&self, name: impl Into<String>) {
        let name = name.into();
        if !name.is_empty() {
            // Whoever reads names is there as long as those that find them.
            let _ = self.0.send(name);
        }
    }

    pub(super) fn extend(&self, names: impl IntoIterator<Item = String>) {
        names.into_iter().for_each(|name| self.add(name));
    }
}

/// A place for names, and the names, each once.
pub(super) fn names() -> (Names, impl Stream<Item = String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let names = stream::unfold(
        (receiver, BTreeSet::new()),
        async |(mut receiver, mut seen): (mpsc::UnboundedReceiver<String>, BTreeSet<String>)| loop {
            let name = receiver.recv().await?;
            if seen.insert(name.clone()) {
                return Some((name, (receiver, seen)));
            }
        },
    );
    (Names(sender), names)
}
