import { z } from 'zod';
import { route } from '../http/route.ts';
import { ConfigurationParameters } from './parameters.ts';

export const GlobalSettings = z.strictObject({
  version: z.string(),
  instanceId: z.uuid(),
  schemaVersion: z.int(),
  parameters: ConfigurationParameters,
});
export type GlobalSettings = z.infer<typeof GlobalSettings>;

/** The company's features. One that Causeway lacks is false and cannot be switched on. */
export const CompanyFeature = z.strictObject({
  passwordHashSync: z.boolean(),
  forcePasswordChangeOnLogOn: z.boolean(),
  userWriteback: z.boolean(),
  deviceWriteback: z.boolean(),
  unifiedGroupWriteback: z.boolean(),
  groupWritebackV2: z.boolean(),
});
export type CompanyFeature = z.infer<typeof CompanyFeature>;

/** Connect's settings and features. */
export const settingsRoutes = {
  getGlobalSettings: route({
    method: 'GET',
    path: '/api/v1/settings',
    access: ['operator'],
    summary: "Connect's version, identity and settings",
    reply: GlobalSettings,
  }),
  getCompanyFeature: route({
    method: 'GET',
    path: '/api/v1/company-feature',
    access: ['operator'],
    summary: 'which features are on',
    reply: CompanyFeature,
  }),
  setCompanyFeature: route({
    method: 'PUT',
    path: '/api/v1/company-feature',
    access: ['operator'],
    summary: 'switches features, and refuses one that Causeway does not have, with the reason',
    body: CompanyFeature.partial(),
    reply: CompanyFeature,
  }),
};
