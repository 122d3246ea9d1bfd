/** The people of the stand-in, as the API shows them. */

export interface StandInPerson {
  id: string;
  displayName: string;
  uniqueName: string;
  /** the personal access token */
  token: string;
  /** has left the organisation: may stand in work items, and cannot be chosen any more */
  gone?: true | undefined;
}

const person = (index: number, name: string, mail: string): StandInPerson => ({
  id: `0000000${index}-7a1e-4d4f-9b7d-2f6f1c0a90${index}${index}`,
  displayName: name,
  uniqueName: mail,
  token: `token-of-${mail.split('@')[0]}`,
});

export const PEOPLE: StandInPerson[] = [
  person(1, 'Alice Archer', 'alice@example.com'),
  person(2, 'Bob Baker', 'bob@example.com'),
  person(3, 'Carol Clark', 'carol@example.com'),
  person(4, 'Twinflow Service', 'sync@example.com'),
  { ...person(5, 'Gregory Gone', 'gregory@example.com'), gone: true },
];
/** Those who can be chosen. */
export const present = (): StandInPerson[] => PEOPLE.filter(({ gone }) => !gone);

/** Is there exactly one person of that sign-in name, name, or `Name <sign-in name>`? */
export function resolvePerson(value: unknown): StandInPerson | undefined {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  const account = /<([^<>]+)>$/.exec(text)?.[1] ?? text;
  const found = present().filter(
    ({ uniqueName, displayName }) => uniqueName.toLowerCase() === account || displayName.toLowerCase() === text,
  );
  return found.length === 1 ? found[0] : undefined;
}

/** IdentityRef. */
export function identityRef(one: StandInPerson, base: string) {
  const descriptor = `aad.${Buffer.from(one.uniqueName).toString('base64url')}`;
  return {
    displayName: one.displayName,
    url: `${base}/_apis/Identities/${one.id}`,
    _links: { avatar: { href: `${base}/_apis/GraphProfile/MemberAvatars/${descriptor}` } },
    id: one.id,
    uniqueName: one.uniqueName,
    imageUrl: `${base}/_api/_common/identityImage?id=${one.id}`,
    descriptor,
    ...(one.gone ? { inactive: true } : {}),
  };
}

/** As `_apis/identities` shows somebody. */
export function identity(one: StandInPerson) {
  const text = ($value: string) => ({ $type: 'System.String', $value });
  return {
    id: one.id,
    descriptor: `Microsoft.IdentityModel.Claims.ClaimsIdentity;tenant\\${one.uniqueName}`,
    subjectDescriptor: `aad.${Buffer.from(one.uniqueName).toString('base64url')}`,
    providerDisplayName: one.displayName,
    isActive: !one.gone,
    members: [],
    memberOf: [],
    memberIds: [],
    properties: {
      SchemaClassName: text('User'),
      Domain: text('11111111-2222-3333-4444-555555555555'),
      Account: text(one.uniqueName),
      Mail: text(one.uniqueName),
    },
    resourceVersion: 2,
    metaTypeId: 0,
  };
}
