"""The closed sets of the contract: every value that a store may hold and the engine understands.

A FACT or INTENT value outside its set makes the verdict unknown (T0); a DERIVED one is drift and is repaired.
Stripe's sets are those of its API reference (object status fields), old and new versions together.
"""

from enum import StrEnum


class StoreName(StrEnum):
    """The six stores, in the order in which they are shown, read and written."""

    SUBS_DUNNING = "subs_dunning"
    CF_PROD = "cf_prod"
    BILLING_PROD = "billing_prod"
    SUBS_ACCOUNT = "subs_account"
    SUBS_CUSTOMER = "subs_customer"
    STRIPE = "stripe"


class DebtState(StrEnum):
    """An account's debt, declared from the least severe to the most."""

    CLEAR = "clear"
    WRITTEN_OFF = "written_off"
    GRACE = "grace"
    PAST_DUE = "past_due"
    DELINQUENT = "delinquent"
    BAD_DEBT = "bad_debt"

    @property
    def severity(self) -> int:
        """Its place in the order, 0 the least severe."""
        return _SEVERITY[self]

    def at_most(self, cap: "DebtState") -> "DebtState":
        """This state, or the cap where the cap is less severe."""
        return self if _SEVERITY[self] <= _SEVERITY[cap] else cap


_SEVERITY = {state: place for place, state in enumerate(DebtState)}


class AccountStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class PaymentStatus(StrEnum):
    """`accounts.payment_status`: what the account's other readers see of its debt."""

    NONE = "none"
    TRIALING = "trialing"
    PENDING = "pending"
    CURRENT = "current"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    BAD_DEBT = "bad_debt"
    WRITTEN_OFF = "written_off"


class IntentKind(StrEnum):
    ENFORCEMENT_OFF = "enforcement_off"
    PROMISE_TO_PAY = "promise_to_pay"
    APPROVE_ESCALATION = "approve_escalation"
    COMP_PLAN = "comp_plan"


class LedgerInvoiceStatus(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    VOID = "void"


class Rail(StrEnum):
    STRIPE = "stripe"
    OFFLINE = "offline"


class PaymentMethod(StrEnum):
    CARD = "card"
    BANK_DEBIT = "bank_debit"
    WIRE = "wire"
    CHECK = "check"
    OTHER = "other"


class LedgerPaymentStatus(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    FAILED = "failed"


class AdjustmentKind(StrEnum):
    CREDIT_NOTE = "credit_note"
    REFUND = "refund"
    REVERSAL = "reversal"
    REVERSAL_UNDONE = "reversal_undone"
    WRITE_OFF = "write_off"


class Segment(StrEnum):
    SELF_SERVE = "self_serve"
    CONTRACT = "contract"
    INTERNAL = "internal"


class BlockReason(StrEnum):
    BILLING_DEBT = "billing_debt"
    ABUSE = "abuse"
    LEGAL = "legal"
    OPS = "ops"


class BlockLevel(StrEnum):
    RESTRICT = "restrict"
    SUSPEND = "suspend"


class SubscriptionStatus(StrEnum):
    """https://docs.stripe.com/api/subscriptions/object#subscription_object-status"""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELED = "canceled"
    UNPAID = "unpaid"
    PAUSED = "paused"


class PauseBehavior(StrEnum):
    """https://docs.stripe.com/api/subscriptions/object#subscription_object-pause_collection-behavior"""

    KEEP_AS_DRAFT = "keep_as_draft"
    MARK_UNCOLLECTIBLE = "mark_uncollectible"
    VOID = "void"


class StripeInvoiceStatus(StrEnum):
    """https://docs.stripe.com/api/invoices/object#invoice_object-status"""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


class InvoicePaymentStatus(StrEnum):
    """https://docs.stripe.com/api/invoice-payment/object#invoice_payment_object-status"""

    OPEN = "open"
    PAID = "paid"
    CANCELED = "canceled"


class PaymentIntentStatus(StrEnum):
    """https://docs.stripe.com/api/payment_intents/object#payment_intent_object-status"""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    CANCELED = "canceled"
    SUCCEEDED = "succeeded"


class ChargeStatus(StrEnum):
    """https://docs.stripe.com/api/charges/object#charge_object-status"""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"


class DisputeStatus(StrEnum):
    """https://docs.stripe.com/api/disputes/object#dispute_object-status"""

    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    WARNING_CLOSED = "warning_closed"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    APPEAL_NEEDS_RESPONSE = "appeal_needs_response"
    APPEAL_UNDER_REVIEW = "appeal_under_review"
    WON = "won"
    LOST = "lost"
    PREVENTED = "prevented"
