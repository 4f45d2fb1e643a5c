/// A subject and what there is to say about it.
pub(in super::super) struct Text {
    pub subject: &'static str,
    pub body: &'static str,
}

macro_rules! texts {
    ($($subject:literal: $body:literal;)*) => { &[$(Text { subject: $subject, body: $body }),*] };
}

/// What a deal is about, in its name after the account's.
pub(in super::super) const DEAL_KINDS: &[&str] =
    &["pilot", "rollout", "expansion", "renewal", "support plan", "training package", "data migration"];

pub(in super::super) const EMAILS: &[Text] = texts! {
    "Introduction and agenda": "Sent a short introduction with an agenda for the first call.";
    "Proposal sent": "Sent the proposal with two options. They will discuss it internally by the end of next week.";
    "Follow-up on pricing": "Answered the question about volume discounts; attached the current price list.";
    "Security questionnaire": "Returned the completed security questionnaire and our data processing agreement.";
    "Meeting notes": "Summarised the decisions of our meeting and the three open points.";
    "Reference customers": "Shared two reference customers of similar size who agreed to a call.";
    "Contract draft": "Sent the contract draft. Legal asks for a change to the liability clause.";
    "Checking in": "No answer to the last mail yet; offered three dates for a short call.";
    "Implementation plan": "Sent the implementation plan: four weeks, two workshops, one data import.";
    "Thank you for your time": "Thanked them for the demo and sent the recording.";
};

pub(in super::super) const CALLS: &[Text] = texts! {
    "Discovery call": "They track everything in spreadsheets and lose an hour a day to it. Budget exists from next quarter.";
    "Budget and timing": "Budget is approved in principle; the decision falls with the management in three weeks.";
    "Technical questions": "Asked about single sign-on, exports and where data is kept. All answered, no blockers.";
    "Negotiated terms": "They ask for ten percent off in exchange for a two-year term. I promised an answer by Friday.";
    "Quick status": "Still waiting for procurement. They like us better than the alternative.";
    "Left a voicemail": "Left a voicemail and asked for a call back.";
    "Renewal outlook": "Content with the service; usage has doubled since spring. Wants a proposal for more seats.";
    "Support feedback": "Two tickets took too long last month. I apologised and named a contact in support.";
    "Competitor mentioned": "They are also looking at another vendor; price matters less than a quick start.";
    "Decision makers": "The head of operations decides, finance signs off above 50,000.";
};

pub(in super::super) const MEETINGS: &[Text] = texts! {
    "Product demo": "Showed the pipeline, reports and the assistant. Most questions were about permissions.";
    "Kick-off workshop": "Agreed on scope, owners and dates. First import of data next week.";
    "Quarterly review": "Went through usage and goals. They would like training for the new team.";
    "Contract review": "Walked through the contract with legal; one clause left to agree on.";
    "Site visit": "Met the operations team on site and saw how orders are handled today.";
    "Lunch with the sponsor": "Relationship is good. A reorganisation is coming; our sponsor stays.";
    "Technical workshop": "Mapped their fields to ours; three custom fields are needed.";
    "Executive briefing": "Presented the business case; they asked for a phased plan.";
};

pub(in super::super) const TASKS: &[Text] = texts! {
    "Send the revised proposal": "Include the phased option and the new start date.";
    "Call back about the contract": "Legal wanted to see the changed liability clause.";
    "Prepare the demo": "Use their own product names in the sample data.";
    "Ask for a reference": "A short quote would do.";
    "Check usage before the review": "Compare with the quarter before.";
    "Book the kick-off": "Two hours, with their operations lead.";
    "Send the price list": "";
    "Clarify who signs": "Finance signs above 50,000.";
    "Plan the training": "Twelve people, two groups.";
    "Update the close date": "Procurement is slower than they said.";
};

pub(in super::super) const NOTES: &[Text] = texts! {
    "Decision process": "- Operations recommends\n- Finance checks\n- Management decides **monthly**";
    "What they care about": "A quick start, clear permissions and an export they can trust.";
    "Current setup": "Spreadsheets and a shared inbox; one person holds it all together.";
    "Risks": "The sponsor may change roles after the reorganisation.";
    "Pricing history": "Two years ago they declined at 12 percent more.";
    "Org chart": "The plant managers report to operations; purchasing is on its own.";
    "Ideas for expansion": "The service team would profit as well: about 20 seats.";
    "Preferred times": "Calls before ten in the morning, never on Mondays.";
};

pub(in super::super) const LEAD_NOTES: &[&str] = &[
    "Asked for a call through the website.",
    "Met at the spring trade fair; took a brochure and asked good questions.",
    "Recommended by a customer in the same trade.",
    "Downloaded the buyer's guide twice.",
    "Replied to the autumn campaign: wants prices for ten users.",
];
