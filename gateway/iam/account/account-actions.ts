// Which function serves which action on passwords, and on the account as a whole.
import type { QueryAction } from '../../query/query-action.ts'
import {
  listMfaDevices,
  listServiceSpecificCredentials,
  listSigningCertificates,
  listSshPublicKeys,
  listVirtualMfaDevices,
} from './absent-credentials.ts'
import { createAccountAlias, deleteAccountAlias, listAccountAliases } from './account-aliases.ts'
import { getAccountSummary } from './account-summary.ts'
import { changePassword } from './change-password.ts'
import {
  createLoginProfile,
  deleteLoginProfile,
  getLoginProfile,
  updateLoginProfile,
} from './login-profiles.ts'
import {
  deleteAccountPasswordPolicy,
  getAccountPasswordPolicy,
  updateAccountPasswordPolicy,
} from './password-policy.ts'

export const accountActions: Readonly<Record<string, QueryAction>> = {
  ChangePassword: changePassword,
  CreateAccountAlias: createAccountAlias,
  CreateLoginProfile: createLoginProfile,
  DeleteAccountAlias: deleteAccountAlias,
  DeleteAccountPasswordPolicy: deleteAccountPasswordPolicy,
  DeleteLoginProfile: deleteLoginProfile,
  GetAccountPasswordPolicy: getAccountPasswordPolicy,
  GetAccountSummary: getAccountSummary,
  GetLoginProfile: getLoginProfile,
  ListAccountAliases: listAccountAliases,
  ListMFADevices: listMfaDevices,
  ListServiceSpecificCredentials: listServiceSpecificCredentials,
  ListSigningCertificates: listSigningCertificates,
  ListSSHPublicKeys: listSshPublicKeys,
  ListVirtualMFADevices: listVirtualMfaDevices,
  UpdateAccountPasswordPolicy: updateAccountPasswordPolicy,
  UpdateLoginProfile: updateLoginProfile,
}
