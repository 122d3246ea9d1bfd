/** Values as they lie in the store are the same where their JSON is. */
export const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
