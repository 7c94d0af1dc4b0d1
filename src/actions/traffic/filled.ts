/** Fills `${name}` in a text of refline.yml. */
export const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  Object.entries(values).reduce((filling, [name, value]) => filling.replaceAll(`\${${name}}`, value), text)
