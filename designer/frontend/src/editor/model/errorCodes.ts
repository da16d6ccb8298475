/** The product's own error codes, which error edges and retry policies may name; workers add theirs. Pure. */
export const ERROR_CODES: readonly string[] = [
  "bad_dynamic_steps", "bad_expression", "bad_items", "bad_output", "bad_params", "bad_value", "cancelled", "child_failed", "critical", "exception", "internal",
  "items_failed", "rejected", "retries_used_up", "returned_failed", "timeout", "too_deep", "too_few_items", "too_many_items", "too_many_steps", "turns_exhausted", "unknown_worker", "worker_lost",
];
