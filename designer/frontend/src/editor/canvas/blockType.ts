/** What is dragged from the palette: the key of a block. */
export const BLOCK_TYPE = "application/x-sagaboard-block";
