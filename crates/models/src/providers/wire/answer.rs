//! The body of an answer on its way.

use kontor_core::error::Chain;
use kontor_outbound::Response;

use super::framing::{Frame, Frames};
use crate::error::ModelError;

/// What a provider answers, taken apart as it comes.
pub(crate) struct Answer {
    response: Response,
    frames: Frames,
}

impl Answer {
    pub(super) fn new(response: Response, frames: Frames) -> Self {
        Self { response, frames }
    }

    /// What comes next; `None` at the end.
    ///
    /// # Errors
    /// What the provider said instead of an answer, and where the answer broke off; nothing follows either.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, ModelError> {
        loop {
            if let Some(frame) = self.frames.next() {
                return frame.map(Some);
            }
            if self.frames.is_over() {
                return Ok(None);
            }
            match self.response.chunk().await {
                Ok(Some(piece)) => self.frames.push(piece),
                Ok(None) => self.frames.end(),
                Err(error) => return Err(ModelError::CutShort { detail: Chain(&error).to_string() }),
            }
        }
    }
}
