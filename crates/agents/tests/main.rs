//! Agents on both engines, over the wire of a real provider and with builtin.
