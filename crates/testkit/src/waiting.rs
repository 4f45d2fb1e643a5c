//! What comes after a while.

use std::time::{Duration, Instant};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer; none is the answer once `limit` has passed.
pub async fn eventually<T, Asking: Future<Output = Option<T>>>(
    limit: Duration,
    mut ask: impl FnMut() -> Asking,
) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if begun.elapsed() >= limit {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
