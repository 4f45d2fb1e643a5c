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
            Capabilities {
                language: false,
                tools: true,
                parallel_tool_calls: true,
                context_window: None,
                max_output_tokens: None,
                thinking: false,
                vision: false,
            }
        }

        fn stream(&self, _: ChatRequest) -> DeltaStream {
            Box::pin(futures::stream::empty())
        }
    }

    Arc::new(Unasked)
}
