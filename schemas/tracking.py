"""Events of sc.tracking.funnel, keyed by visitor, or by order or ticket for events of these."""

from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field, StringConstraints
from typing_extensions import TypedDict

from schemas.envelope import Envelope
from schemas.fields import STRICT, Currency, Id, Moment, Text
from schemas.limits import absent_if
from schemas.properties import Properties

VALUE_CENTS_MAX = 10**11
"""Tracking events can come from anyone, so their amounts are limited well below those of orders.

92 million conversions of one day and currency, each with this amount, would be needed to fill an
int64. A visitor's amounts are also summed up as squares, in a Decimal128 of 34 digits: a million
conversions of one visitor at the limit have 10^34.
"""

Reason = Annotated[str, StringConstraints(max_length=100)]
_UNLESS_BOUNCED = AfterValidator(absent_if("exit_outcome", "bounce", "a bounce leads to no step"))
Value = Annotated[int, Field(ge=0, le=VALUE_CENTS_MAX)]


class Context(TypedDict):
    """What the collector derived from the request; `bot` lists the reasons to suspect a bot."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    device_type: NotRequired[Literal["desktop", "mobile", "tablet"]]
    browser: NotRequired[Text]
    os: NotRequired[Text]
    source: NotRequired[Text]
    channel: NotRequired[Text]
    utm_source: NotRequired[Text]
    utm_medium: NotRequired[Text]
    utm_campaign: NotRequired[Text]
    utm_term: NotRequired[Text]
    utm_content: NotRequired[Text]
    landing_page: NotRequired[Text]
    referrer_host: NotRequired[Text]
    country: NotRequired[Text]
    bot: NotRequired[Annotated[list[Reason], Field(max_length=20)]]
    received_at: NotRequired[Moment]


class Presence(TypedDict):
    """The fields of every visitor event."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    visitor_id: Id
    session_id: Id
    user_id: NotRequired[Id]
    metadata: NotRequired[Properties]
    context: NotRequired[Context]


class Visit(Presence):
    funnel_id: NotRequired[Id]


class InFunnel(Presence):
    funnel_id: Id


class PageViewData(Visit):
    page_id: NotRequired[Id]
    page: NotRequired[Text]
    step_id: NotRequired[Id]


class StepEntryData(InFunnel):
    step_id: Id
    previous_step_id: NotRequired[Id]
    page_id: NotRequired[Id]


class StepExitData(InFunnel):
    step_id: Id
    exit_outcome: Literal["forward", "backward", "bounce", "close"]
    next_step_id: NotRequired[Annotated[Id, _UNLESS_BOUNCED]]
    reason: NotRequired[Text]


class ConversionData(InFunnel):
    step_id: NotRequired[Id]
    page_id: NotRequired[Id]
    conversion_type: Literal["form_submit", "purchase", "signup", "custom"]
    value_cents: NotRequired[Value]
    currency: NotRequired[Currency]
    conversion_goal_id: NotRequired[Id]


class ExposureData(InFunnel):
    test_id: Id
    variant_id: Id


class TicketData(Visit):
    event_id: Id
    quantity: NotRequired[Annotated[int, Field(ge=1, le=1_000_000)]]
    value_cents: NotRequired[Value]


class TicketPurchaseData(TicketData):
    currency: NotRequired[Currency]


class EmailData(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    order_id: Id
    event_id: NotRequired[Id]
    visitor_id: NotRequired[Id]


class BarcodeData(TypedDict):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    ticket_id: Id
    event_id: Id
    order_id: NotRequired[Id]
    visitor_id: NotRequired[Id]


class CustomData(Visit):
    name: Text
    properties: NotRequired[Properties]


class AssetData(Visit):
    asset_id: Id
    project_id: NotRequired[Id]
    license_id: NotRequired[Id]


class EngagementData(Visit):
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
    asset_id: NotRequired[Id]
    page_id: NotRequired[Id]


class InteractionData(Visit):
    element: NotRequired[Text]
    query_length: NotRequired[Annotated[int, Field(ge=0, le=1_000_000)]]


class PageView(Envelope):
    event_type: Literal["page_view"]
    data: PageViewData


class StepEntry(Envelope):
    event_type: Literal["step_entry"]
    data: StepEntryData


class StepExit(Envelope):
    event_type: Literal["step_exit"]
    data: StepExitData


class Conversion(Envelope):
    event_type: Literal["conversion"]
    data: ConversionData


class ExperimentExposed(Envelope):
    event_type: Literal["experiment_exposed"]
    data: ExposureData


class View(Envelope):
    event_type: Literal["view"]
    data: TicketData


class CartAdd(Envelope):
    event_type: Literal["cart_add"]
    data: TicketData


class CheckoutStart(Envelope):
    event_type: Literal["checkout_start"]
    data: TicketData


class Purchase(Envelope):
    event_type: Literal["purchase"]
    data: TicketPurchaseData


class EmailConfirmed(Envelope):
    event_type: Literal["email_confirmed"]
    data: EmailData


class EmailFailed(Envelope):
    event_type: Literal["email_failed"]
    data: EmailData


class BarcodeScanned(Envelope):
    event_type: Literal["barcode_scanned"]
    data: BarcodeData


class Custom(Envelope):
    event_type: Literal["custom"]
    data: CustomData


class AssetViewed(Envelope):
    event_type: Literal["asset_viewed"]
    data: AssetData


class AssetDownloaded(Envelope):
    event_type: Literal["asset_downloaded"]
    data: AssetData


class LicenseClicked(Envelope):
    event_type: Literal["license_clicked"]
    data: AssetData


class Engagement(Envelope):
    event_type: Literal["engagement"]
    data: EngagementData


class CtaClicked(Envelope):
    event_type: Literal["cta_clicked"]
    data: InteractionData


class Searched(Envelope):
    event_type: Literal["searched"]
    data: InteractionData


class Filtered(Envelope):
    event_type: Literal["filtered"]
    data: InteractionData


TrackingEvent = Annotated[
    PageView
    | StepEntry
    | StepExit
    | Conversion
    | ExperimentExposed
    | View
    | CartAdd
    | CheckoutStart
    | Purchase
    | EmailConfirmed
    | EmailFailed
    | BarcodeScanned
    | Custom
    | AssetViewed
    | AssetDownloaded
    | LicenseClicked
    | Engagement
    | CtaClicked
    | Searched
    | Filtered,
    Field(discriminator="event_type"),
]
