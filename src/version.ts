/** Version of this package. A test compares it with package.json; reading that file at start-up would cost time. */
export const VERSION = '0.1.0'
