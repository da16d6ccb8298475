/** Events that parts of a page dispatch on the document for each other. */

/** The numbers behind the page's charts have changed. */
export const CHARTS_STALE = "charts-stale";

/** An intervention was opened, claimed or answered; the detail is its frame. */
export const INTERVENTION_MOVED = "intervention-moved";

/** Something waits for people that did not, or waits no more. */
export const INBOX_MOVED = "inbox-moved";
