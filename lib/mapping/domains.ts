/**
 * One company, several email domains: rules that convert the domain of a user's email address to the one in the other
 * system. Only the part after the @ is changed, so that nobody becomes somebody else. Pure; the forms use it to check
 * rules and try them out.
 */

import type { DomainRule } from '../model/config';
import { applies, type Direction } from '../model/entity';

/** The addresses that a source user may have in the target, most likely first; not the original address. */
export type RewriteAddress = (email: string) => string[];

export const keepAddress: RewriteAddress = () => [];

const DOMAIN = /^(\*\.)?[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$/u;
const LONGEST = 253;
const DIRECTIONS: Direction[] = ['forward', 'backward'];

/** "@Corp.Example" → "corp.example"; case is ignored. */
export const plainDomain = (text: string): string => text.trim().replace(/^@/, '').toLowerCase();

/** A domain; a leading `*.` means any subdomain. */
export const isDomain = (text: string): boolean => text.length <= LONGEST && DOMAIN.test(text);

const hasStar = (domain: string): boolean => domain.startsWith('*.');

const endsOf = ({ one, two }: DomainRule, direction: Direction): [from: string, to: string] =>
  direction === 'forward' ? [plainDomain(one), plainDomain(two)] : [plainDomain(two), plainDomain(one)];

/** The result of a rule for a domain; undefined if the rule does not apply. */
function rewritten(domain: string, from: string, to: string): string | undefined {
  if (!hasStar(from)) return domain === from ? to : undefined;
  const rest = from.slice(1);
  if (!domain.endsWith(rest) || domain.length === rest.length) return undefined;
  return hasStar(to) ? `${domain.slice(0, -rest.length)}${to.slice(1)}` : to;
}

export type DomainIssueCode = 'badDomain' | 'starAlone' | 'sameDomain' | 'unused' | 'comesBack';

export interface DomainIssue {
  level: 'error' | 'warning';
  code: DomainIssueCode;
  /** index of the rule, from 0 */
  rule: number;
  /** for `comesBack`: the domain in the source, in the target, and after the return, each with its @ */
  round?: string[];
}

/** Reasons why a rule cannot be used at all. */
function fault(rule: DomainRule): DomainIssueCode | undefined {
  const [one, two] = endsOf(rule, 'forward');
  if (!isDomain(one) || !isDomain(two)) return 'badDomain';
  // nothing says which subdomain a `*` without a partner means
  const alone = DIRECTIONS.some((direction) => {
    const [from, to] = endsOf(rule, direction);
    return applies(rule.direction, direction) && hasStar(to) && !hasStar(from);
  });
  return alone ? 'starAlone' : undefined;
}

/** The rules of a direction as a function. Invalid rules are left out; `domainIssues` lists them. */
export function compileDomains(rules: DomainRule[], direction: Direction): RewriteAddress {
  const usable = rules.filter((rule) => applies(rule.direction, direction) && fault(rule) === undefined);
  const ends = usable.map((rule) => endsOf(rule, direction));
  if (ends.length === 0) return keepAddress;
  return (email) => {
    const at = email.lastIndexOf('@');
    if (at <= 0) return [];
    const domain = email.slice(at + 1).toLowerCase();
    const domains = ends.flatMap(([from, to]) => rewritten(domain, from, to) ?? []);
    return [...new Set(domains)].filter((other) => other !== domain).map((other) => `${email.slice(0, at)}@${other}`);
  };
}

/** Invalid rules, and rules with an effect that a user may not expect. */
export function domainIssues(rules: DomainRule[]): DomainIssue[] {
  return rules.flatMap((rule, index): DomainIssue[] => {
    const bad = fault(rule);
    if (bad !== undefined) return [{ level: 'error', code: bad, rule: index }];
    const [one, two] = endsOf(rule, 'forward');
    if (one === two) return [{ level: 'warning', code: 'sameDomain', rule: index }];
    return DIRECTIONS.flatMap((direction) => issuesOf(rules, index, direction)).slice(0, 1);
  });
}

function issuesOf(rules: DomainRule[], index: number, direction: Direction): DomainIssue[] {
  const rule = rules[index];
  if (rule === undefined || !applies(rule.direction, direction)) return [];
  const [from, to] = endsOf(rule, direction);
  const earlier = rules.slice(0, index).some((other) => {
    const [otherFrom, otherTo] = endsOf(other, direction);
    return applies(other.direction, direction) && otherFrom === from && otherTo === to;
  });
  if (earlier) return [{ level: 'warning', code: 'unused', rule: index }];
  const wayBack = compileDomains(rules, direction === 'forward' ? 'backward' : 'forward');
  for (const there of examplesFor(from, rules)) {
    const over = rewritten(there, from, to);
    if (over === undefined || over === there) continue;
    const [back = `@${over}`] = wayBack(`x@${over}`).map((address) => address.slice(1));
    if (back !== `@${there}`) {
      return [{ level: 'warning', code: 'comesBack', rule: index, round: [`@${there}`, `@${over}`, back] }];
    }
  }
  return [];
}

/** Rules for any domain, or for a domain that other rules cover as well. */
function examplesFor(from: string, rules: DomainRule[]): string[] {
  const example = (domain: string): string => domain.replace('*', 'sub');
  if (!hasStar(from)) return [from];
  const all = rules.flatMap(({ one, two }) => [example(plainDomain(one)), example(plainDomain(two))]);
  const inOthers = DIRECTIONS.flatMap((direction) =>
    all.flatMap((domain) => [domain, ...onTheWay(domain, rules, direction)]),
  );
  return [...new Set([example(from), ...inOthers])].filter((domain) => rewritten(domain, from, from) !== undefined);
}

/** The result of the rules for a domain. */
const onTheWay = (domain: string, rules: DomainRule[], direction: Direction): string[] =>
  compileDomains(rules, direction)(`x@${domain}`).map((address) => address.slice(2));
