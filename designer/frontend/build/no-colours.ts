/**
 * Stands in for `d3-color`, which d3's transitions bring along to blend colours. The canvas only ever
 * moves its view, so nothing is a colour here, and every page with a canvas is 3 kB lighter.
 */
const noColour = (): null => null;

export { noColour as color, noColour as cubehelix, noColour as hcl, noColour as hsl, noColour as lab, noColour as rgb };
