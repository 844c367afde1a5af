import {
  Effect,
  type PolicyDocument,
  PolicyStatement,
  type PrincipalPolicyFragment,
  PrincipalBase,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam'
import { Duration } from 'aws-cdk-lib/core'
import type { Construct } from 'constructs'
import { type CertificateSubject, trustConditions } from './subject.js'
import type { TrustAnchor } from './trust-anchor.js'

/** Roles Anywhere makes its sessions with all three at once. */
const ACTIONS = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']

const SERVICE = new ServicePrincipal('rolesanywhere.amazonaws.com')

/** Roles Anywhere, when it speaks for a certificate of one CA with one subject. */
class CertificatePrincipal extends PrincipalBase {
  readonly #conditions: Record<string, Record<string, string>>

  constructor(conditions: Record<string, Record<string, string>>) {
    super()
    this.#conditions = conditions
  }

  override get policyFragment(): PrincipalPolicyFragment {
    return SERVICE.withConditions(this.#conditions).policyFragment
  }

  /** One statement for the three actions, where the CDK would write one for the first alone. */
  override addToAssumeRolePolicy(document: PolicyDocument): void {
    document.addStatements(
      new PolicyStatement({
        sid: 'CertificateOfThisWorkload',
        effect: Effect.ALLOW,
        actions: ACTIONS,
        principals: [SERVICE],
        conditions: this.#conditions,
      }),
    )
  }

  dedupeString(): string {
    return `CertificatePrincipal:${JSON.stringify(this.#conditions)}`
  }
}

/** What a {@link WorkloadRole} is made of. */
export interface WorkloadRoleProps {
  readonly trustAnchor: TrustAnchor
  readonly subject: CertificateSubject
  /** Of this role; default: a name that CloudFormation makes up. */
  readonly roleName?: string
  readonly description: string
  /** Longest session, in seconds, 3600 to 43200; default 3600. */
  readonly maxSessionSeconds?: number
  readonly permissions: readonly PolicyStatement[]
}

/** A role for workloads whose certificate has one subject. It has no permission but those given. */
export class WorkloadRole extends Role {
  constructor(scope: Construct, id: string, props: WorkloadRoleProps) {
    const conditions = trustConditions(scope, props.trustAnchor.arn, props.subject)
    super(scope, id, {
      assumedBy: new CertificatePrincipal(conditions),
      description: props.description,
      maxSessionDuration: Duration.seconds(Math.max(3600, props.maxSessionSeconds ?? 3600)),
      ...(props.roleName === undefined ? {} : { roleName: props.roleName }),
    })
    for (const statement of props.permissions) this.addToPolicy(statement)
  }
}
