// Why a policy document is not taken, and in which words AWS says so. The words of S3 are for bucket
// policies (`MalformedPolicy`), those of IAM for all others (`MalformedPolicyDocument`).
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html#API_PutUserPolicy_Errors

/** `%` stands for what is wrong: the name of an element, an operator, an effect. */
export const refusals = {
  json: ["Policies must be valid JSON and the first byte must be '{'", 'Syntax errors in policy.'],
  size: [
    'Policies exceeds the maximum allowed document size.',
    'Maximum policy size exceeded for the policy.',
  ],
  syntax: ['Invalid policy syntax.', 'Syntax errors in policy.'],
  'unknown element': ['Unknown field %', 'Syntax errors in policy.'],
  'missing element': ['Missing required field %', 'Missing required field %'],
  'forbidden element': ['Invalid policy syntax.', 'Has prohibited field %'],
  version: [
    'The policy must contain a valid version string',
    'Policy document must be version 2012-10-17 or greater.',
  ],
  sid: [
    'Invalid policy syntax.',
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  ],
  'duplicate sid': [
    'Statement IDs (SID) in a single policy must be unique.',
    'Statement IDs (SID) in a single policy must be unique.',
  ],
  effect: ['Invalid effect: %', 'Invalid effect: %'],
  principal: ['Invalid principal in policy', 'Invalid principal in policy: %'],
  'not principal': [
    'Allow with NotPrincipal is not allowed.',
    'Allow with NotPrincipal is not allowed.',
  ],
  action: ['Policy has invalid action', 'Actions/Conditions must be prefaced by a vendor.'],
  resource: ['Policy has invalid resource', 'Resource % must be in ARN format or "*".'],
  variable: ['Policy has invalid resource', 'The policy contains an invalid policy variable.'],
  'action without resource': [
    'Action does not apply to any resource(s) in statement',
    'Action does not apply to any resource(s) in statement',
  ],
  'condition operator': ['Invalid Condition type : %', 'Invalid Condition type : %.'],
  'condition key': [
    'Policy has an invalid condition key',
    'Actions/Conditions must be prefaced by a vendor.',
  ],
  'condition value': [
    'Policy has an invalid condition value',
    'The policy contains an invalid condition value.',
  ],
  'condition without effect': [
    'Conditions do not apply to combination of actions and resources in statement',
    'Conditions do not apply to combination of actions and resources in statement',
  ],
} as const satisfies Record<string, readonly [s3: string, iam: string]>

export type Refusal = keyof typeof refusals

export type RefusalDetails = {
  readonly reason: Refusal
  /** Where, as in `Statement[2].Condition.StringEquals`. Empty: the document as a whole. */
  readonly place: string
  /** In words of ours. */
  readonly problem: string
  /** Takes the place of `%` in what AWS says. */
  readonly named?: string
}

const shownMax = 300

/** What came from the document may be long, and hold line ends. */
function shown(text: string): string {
  const cut = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
  return cut.replace(/[\x00-\x1f\x7f\u2028\u2029]/g, ' ')
}

/** A document that is no policy of its kind. `message` names the place and the problem. */
export class PolicyRefused extends Error {
  readonly reason: Refusal
  readonly place: string
  readonly #named: string

  constructor({ reason, place, problem, named = '' }: RefusalDetails) {
    super(shown(place === '' ? problem : `${place}: ${problem}`))
    this.name = 'PolicyRefused'
    this.reason = reason
    this.place = shown(place)
    this.#named = shown(named)
  }

  /** What S3 says with `MalformedPolicy`. */
  get s3Message(): string {
    return refusals[this.reason][0].replace('%', () => this.#named)
  }

  /** What IAM says with `MalformedPolicyDocument`. */
  get iamMessage(): string {
    return refusals[this.reason][1].replace('%', () => this.#named)
  }
}
