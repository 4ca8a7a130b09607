/**
 * Whether a value from outside is what a session log may hold: a checker for each of the definitions of
 * the format's schema, strict about members, types and ranges. Pure.
 */

import { definitions } from "./schema";

/** Where a value parts from the schema, such as `.event.stamp.seq`; null where it fits. Adds the members
 * of all objects it passes to `count.members`. */
export type Check = (value: unknown, path: string, count: Count) => string | null;

/** How many members the objects have that were checked. */
export interface Count {
  members: number;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly discriminator?: { propertyName: string; mapping: Readonly<Record<string, string>> };
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

const made = new Map<string, Check>();

/** The checker of a definition. */
export function checker(name: string): Check {
  const known = made.get(name);
  if (known) return known;
  const check = lazily(() => compile(definitions[name] as Schema));
  made.set(name, check);
  return check;
}

/** Definitions name each other, so each is compiled when first needed. */
function lazily(compiled: () => Check): Check {
  let check: Check | null = null;
  return (value, path, count) => {
    check ??= compiled();
    return check(value, path, count);
  };
}

function compile(schema: Schema): Check {
  if (schema.$ref) return checker(schema.$ref.replace("#/$defs/", ""));
  if (schema.enum) {
    const known = new Set(schema.enum);
    return (value, path) => (known.has(value) ? null : path);
  }
  if (schema.discriminator) return tagged(schema.discriminator);
  if (schema.anyOf) return some(schema.anyOf.map(compile));
  switch (schema.type) {
    case "object":
      return object(schema);
    case "array":
      return array(schema);
    case "string":
      return text(schema);
    case "integer":
      return number(schema, Number.isInteger);
    case "number":
      return number(schema, Number.isFinite);
    default:
      return (value, path) => (isA(value, schema.type) ? null : path);
  }
}

function tagged({ propertyName, mapping }: NonNullable<Schema["discriminator"]>): Check {
  const checks = new Map(
    Object.entries(mapping).map(([tag, $ref]) => [tag as unknown, compile({ $ref })]),
  );
  return (value, path, count) => {
    if (typeof value !== "object" || value === null) return path;
    const check = checks.get((value as Record<string, unknown>)[propertyName]);
    return check ? check(value, path, count) : `${path}.${propertyName}`;
  };
}

function some(checks: readonly Check[]): Check {
  return (value, path, count) => {
    let deepest: string | null = path;
    for (const check of checks) {
      const fault = check(value, path, count);
      if (fault === null) return null;
      if (fault.length > deepest.length) deepest = fault;
    }
    return deepest;
  };
}

function object({ properties = {}, required = [] }: Schema): Check {
  const checks = new Map(Object.entries(properties).map(([name, part]) => [name, compile(part)]));
  return (value, path, count) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return path;
    for (const name of required) if (!Object.hasOwn(value, name)) return `${path}.${name}`;
    for (const [name, part] of Object.entries(value)) {
      count.members++;
      const check = checks.get(name);
      if (!check) return `${path}.${name.slice(0, 40)}`;
      const fault = check(part, `${path}.${name}`, count);
      if (fault !== null) return fault;
    }
    return null;
  };
}

function array({ items, prefixItems = [], minItems = 0, maxItems = Infinity }: Schema): Check {
  const first = prefixItems.map(compile);
  const rest = items ? compile(items) : null;
  return (value, path, count) => {
    if (!Array.isArray(value) || value.length < minItems || value.length > maxItems) return path;
    for (let i = 0; i < value.length; i++) {
      const fault = (first[i] ?? rest)?.(value[i], path, count);
      if (fault != null) return fault;
    }
    return null;
  };
}

function text({ minLength = 0, maxLength = Infinity }: Schema): Check {
  return (value, path) => {
    if (typeof value !== "string") return path;
    return value.length < minLength || value.length > 2 * maxLength ? path : null;
  };
}

function number(schema: Schema, isNumber: (value: unknown) => boolean): Check {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema;
  return (value, path) => {
    if (typeof value !== "number" || !isNumber(value)) return path;
    return value < minimum || value > maximum || value <= exclusiveMinimum ? path : null;
  };
}

function isA(value: unknown, type: string | undefined): boolean {
  return type === "null" ? value === null : typeof value === type;
}
