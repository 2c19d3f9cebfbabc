// What the build writes beside this module: the page's core as text.
declare const text: string;
export default text;
/** Pairs of characters that have changed their places in it. */
export declare const swapped: string;
