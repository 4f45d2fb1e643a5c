use std::sync::Arc;

use crate::chat::{Capabilities, ChatModel, ChatRequest, DeltaStream};

/// A built-in model that no test asks anything.
pub(super) fn unasked() -> Arc<dyn ChatModel> {
    struct Unasked;

    impl ChatModel for Unasked {
        fn name(&self) -> &str {
            "builtin"
        }

        fn capabilities(&self) -> Capabilities {
            Capabilities::COMMANDS
        }

        fn stream(&self, _: ChatRequest) -> DeltaStream {
            Box::pin(futures::stream::empty())
        }
    }

    Arc::new(Unasked)
}
