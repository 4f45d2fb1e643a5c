//! File descriptors: taking as many as the operating system lets this process have, and sharing them out.

use kontor_store::StoreConfig;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is neither a client's connection nor a workspace's file: the log, the port, models, the runtime.
const RESERVED: u64 = 64;
/// With fewer workspaces open than this, people who work at the same moment wait for one another.
const FEWEST_WORKSPACES: usize = 8;

/// Raises the limit of this process to what it may raise it to, and returns it; `None` for no limit.
pub(crate) fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::debug!(%error, "the limit of file descriptors could not be raised");
            current
        }
    }
}

/// How many workspaces may be open at one time beside the connections: as many as are set, or as few as the
/// limit of file descriptors leaves room for.
pub(crate) fn open_workspaces(limit: Option<u64>, connections: usize, store: &StoreConfig) -> usize {
    let Some(limit) = limit else { return store.open_workspaces };
    let each = store.descriptors_per_workspace() as u64;
    // The directory is open beside the workspaces.
    let taken = RESERVED + each + connections as u64;
    let room = usize::try_from(limit.saturating_sub(taken) / each).unwrap_or(usize::MAX);
    if room >= store.open_workspaces {
        return store.open_workspaces;
    }
    let open = room.max(FEWEST_WORKSPACES.min(store.open_workspaces));
    tracing::warn!(
        limit,
        connections,
        open_workspaces = open,
        "the limit of file descriptors (ulimit -n) leaves room for fewer open workspaces than are set; raise it, or lower max_connections"
    );
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_of_descriptors_leaves_fewer_workspaces_open() {
        let store = StoreConfig { open_workspaces: 64, readers: 2, ..StoreConfig::new("data") };
        assert_eq!(open_workspaces(None, 768, &store), 64);
        assert_eq!(open_workspaces(Some(1_048_576), 768, &store), 64);
        let few = open_workspaces(Some(1_024), 768, &store);
        assert!((8..64).contains(&few), "{few}");
        assert!(few * store.descriptors_per_workspace() + 768 < 1_024);
        assert_eq!(open_workspaces(Some(256), 768, &store), 8, "some are needed in any case");
    }
}
