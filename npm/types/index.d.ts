/** The version of the core. */
export declare function version(): string;
