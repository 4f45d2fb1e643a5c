//! Evaluations: what proves an agent before it is published.
