import type { components, operations } from './schema';

type Schemas = components['schemas'];

export type Link = Schemas['Link'];
export type LinkPage = Schemas['LinkPage'];
export type LinkPatch = Schemas['LinkPatch'];
export type LinkFilter = Schemas['LinkFilter'];
export type NewLink = Schemas['NewLink'];
export type NewLinkChange = Schemas['NewLinkChange'];
export type LinkChange = Schemas['LinkChange'];
export type LinkChangeResult = Schemas['LinkChangeResult'];
export type Rule = Schemas['Rule'];
export type Conditions = Schemas['Conditions'];
export type Variant = Schemas['Variant'];
export type Stats = Schemas['Stats'];
export type Top = Schemas['Top'];
export type Step = Schemas['Step'];
export type Tag = Schemas['Tag'];
export type Import = Schemas['Import'];
export type NewImport = Schemas['NewImport'];
export type Export = Schemas['Export'];
export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type Domain = Schemas['DomainSettings'];
export type OnBroken = Schemas['OnBroken'];
export type Workspace = Schemas['Workspace'];
export type Role = Schemas['Role'];
export type FieldError = Schemas['FieldError'];
export type LinkQuery = Partial<NonNullable<operations['listLinks']['parameters']['query']>>;
export type StatsQuery = NonNullable<operations['readLinkStats']['parameters']['query']>;

export type AbuseReport = Schemas['AbuseReport'];
export type BlockedTarget = Schemas['BlockedTarget'];
export type BlockReason = Schemas['BlockReason'];

export type Me = Schemas['Me'];
export type Session = Schemas['Session'];
