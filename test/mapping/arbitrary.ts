/** Random values for the property tests: what a connector may hand over, in every shape. */

import fc from 'fast-check';
import type { LookupValue, RichText, SingleValue, UserValue, Value } from '../../lib/model';

const words = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text.trim() !== '');

export const anyLookup: fc.Arbitrary<LookupValue> = fc.oneof(
  fc.record({ name: words }),
  fc.record({ id: words, name: words }),
);

export const anyUser: fc.Arbitrary<UserValue> = fc.oneof(
  fc.record({ id: words, name: words }),
  fc.record({ email: fc.emailAddress(), name: words }),
  fc.record({ login: words }),
);

export const anyRichText: fc.Arbitrary<RichText> = fc.record({
  format: fc.constantFrom('text' as const, 'html' as const, 'markdown' as const, 'textile' as const),
  content: fc.string(),
});

export const anySingle: fc.Arbitrary<SingleValue> = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  anyRichText,
  anyLookup,
  anyUser,
);

export const anyValue: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  anySingle,
  fc.array(fc.string(), { maxLength: 5 }),
  fc.array(anyLookup, { maxLength: 5 }),
  fc.array(anyUser, { maxLength: 5 }),
);
