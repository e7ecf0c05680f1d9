import type { z } from 'zod';
import type { configSections } from './sections.ts';

type Sections = ReturnType<typeof configSections>;

/** The configuration after parsing: complete, with secrets read. */
export type BrokerConfig = { readonly [Name in keyof Sections]: z.output<Sections[Name]> };
export type ClientConfig = BrokerConfig['clients'][number];
export type IssuerConfig = BrokerConfig['issuers'][number];
export type TargetConfig = BrokerConfig['targets'][number];
