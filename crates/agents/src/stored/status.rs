use kontor_store::stored_enum;

stored_enum! {
    pub enum SessionStatus: "status of a session" {
        Active = "active",
        /// Takes no messages and takes up none that wait, until it is active again. A turn that had begun goes on.
        Paused = "paused",
        /// Over, for good.
        Completed = "completed",
    }
}

stored_enum! {
    pub enum TurnStatus: "status of a turn" {
        /// Waits for the turns before it.
        Queued = "queued",
        Running = "running",
        WaitingForApproval = "waiting_for_approval",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

stored_enum! {
    pub enum ApprovalStatus: "status of an approval" {
        Pending = "pending",
        Approved = "approved",
        Denied = "denied",
        /// Nobody answered in time, or the turn ended before.
        Expired = "expired",
    }
}
