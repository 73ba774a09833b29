import { type Question, resourceEntity } from '../policy/index.ts';

/** A resource by the name policies use, such as `Table::"prod/shop/public/customers"`. */
export function objectUid(target: string, resource: Question['resource']): string {
  const wellFormed = { ...resource, path: resource.path.map((part) => part.toWellFormed()) };
  const { type, id } = resourceEntity(target, wellFormed).uid;
  return `${type}::${JSON.stringify(id)}`;
}
