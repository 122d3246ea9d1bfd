/** A connector from a checked file: its settings are those of the system form. */

import type { Connector } from '../connector';
import { address, choice, defineConnector, flag, requiredText, type Setting, secret, text } from '../kit/settings';
import { connectDeclared } from './connection';
import type { ConnectorFile } from './format';

type DeclaredSetting = ConnectorFile['settings'][number];

function settingOf({
  label,
  hint,
  placeholder,
  type,
  required,
  default: usual,
  options = [],
}: DeclaredSetting): Setting<unknown> {
  const about = { label, ...(hint !== undefined && { hint }), ...(placeholder !== undefined && { placeholder }) };
  switch (type) {
    case 'url':
      return usual === undefined ? address(about) : addressOr(about, usual);
    case 'secret':
      return secret(about);
    case 'boolean':
      return flag(about, usual === 'true');
    case 'select':
      return choice(about, options);
    case 'text':
      return required ? requiredText(about) : text(about, usual);
  }
}

/** An address that has a default. */
function addressOr(about: Parameters<typeof address>[0], usual: string): Setting<string> {
  const setting = address(about);
  return {
    inputs: (name) => setting.inputs(name).map((input) => ({ ...input, required: false, default: usual })),
    read: (name, given) => setting.read(name, { ...given, [name]: given[name] || usual }),
  };
}

export function declaredConnector(file: ConnectorFile): Connector {
  const settings = Object.fromEntries(file.settings.map((one) => [one.name, settingOf(one)]));
  const { kind, label, category, types } = file;
  const format = types.flatMap(({ fields }) => fields).find(({ type }) => type === 'richtext')?.format;
  return defineConnector({
    ...{ kind, label, category, settings },
    ...(format && { richText: format }),
    connect: (values, context) => connectDeclared(file, values, context),
  });
}
