"""Limits of runs and of texts about them, each stated once. PURE."""

from __future__ import annotations

# what a run may grow to
MAP_ITEMS_MAX = 100_000  # items of one map; of a map in batches, batches
EXPANSION_MAX = 1_000  # steps that dynamic workers may add to one run
DEPTH_MAX = 20  # runs within runs
EVENTS_KNOWN_MAX = 100  # taken by a run, that it knows again
SIGNALS_KEPT_MAX = 100  # of a run, while no step waits for them
WAIT_S_MAX = 10 * 366 * 86_400
LEFT_NAMES_MAX = 20  # of the effects that a run has left, as its parent is told

# what a run starts with
PRIORITY_MAX = 9
PRIORITY_STANDARD = 5
INPUT_BYTES_MAX = 5_000_000
COMPUTED_WEIGHT_MAX = INPUT_BYTES_MAX // 2  # values; no JSON of that many bytes holds more
LABELS_MAX = 50
LABEL_LENGTH_MAX = 200  # of a key, and of a value as it is searched for
IDEMPOTENCY_KEY_LENGTH_MAX = 200

# what starts runs from outside
CRON_LENGTH_MAX = 100
DELIVERY_LENGTH_MAX = 200  # of the place where a delivery's id stands
ZONE_LENGTH_MAX = 64
TRIGGER_NAME_LENGTH_MAX = 100
TRIGGER_WHEN_LENGTH_MAX = 2_000
FOLDER_LENGTH_MAX = 300
PATTERN_LENGTH_MAX = 100
FILE_NAME_LENGTH_MAX = 255
REASON_LENGTH_MAX = 500  # why a call started nothing
ANSWER_WAIT_S_MAX = 60  # how long an answer may wait for the end of a run
CONDITION_LENGTH_MAX = 2_000  # of a subscription
ADDRESS_LENGTH_MAX = 2_000  # where its deliveries go
TOLD_KEY_LENGTH_MAX = 200  # stands for an event that is told
TOLD_TYPE_LENGTH_MAX = 32

# texts of people
NOTE_LENGTH_MAX = 4_000  # in an intervention's history, and in every form of a page
MESSAGE_LISTED_MAX = 500  # of an approval's message, in the list of approvals
REMINDERS_MAX = 10  # of one approval
COMMENT_LENGTH_MAX = 10_000  # with an answer or an approval over the API; it is kept in the journal

# widths of columns
STEP_LENGTH_MAX = 80  # of a step's key: its name, and an item's index behind it
STATUS_LENGTH_MAX = 12
ENTRY_TYPE_LENGTH_MAX = 32  # of a journal entry
CAUSE_LENGTH_MAX = 300  # of an intervention
CAUSE_KEY_LENGTH_MAX = 16
DIGEST_LENGTH = 64  # of SHA-256, in hexadecimal digits
PROCESS_LENGTH_MAX = 120
PERSON_LENGTH_MAX = 150

FRAMES_MAX = 500  # journal entries that are sent at once
