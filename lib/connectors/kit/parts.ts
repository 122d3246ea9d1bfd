/** Parts of entities (comments) and the entities themselves, in a system that has separate requests for them. */

interface Ways<In, Out> {
  whole(some: In[]): Promise<Out[]>;
  parts(some: In[]): Promise<Out[]>;
}

/** Passes operations on parts to one function and all others to the other, entities first. @returns the results in
 * the order of the operations */
export async function eachItsOwn<In, Out>(
  all: In[],
  isOfPart: (one: In) => boolean,
  { whole, parts }: Ways<In, Out>,
): Promise<Out[]> {
  const [entities, others] = [all.filter((one) => !isOfPart(one)), all.filter(isOfPart)];
  const wholes = entities.length > 0 || others.length === 0 ? await whole(entities) : [];
  const rest = others.length > 0 ? await parts(others) : [];
  return all.flatMap((one) => (isOfPart(one) ? rest.splice(0, 1) : wholes.splice(0, 1)));
}
