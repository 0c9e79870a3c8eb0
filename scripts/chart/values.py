"""All values of the chart, from the top."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chart.exposure import HttpRoute, Ingress, NetworkPolicy, Service
from chart.monitoring import Metrics
from chart.operating import Crds, Defaults, Operator
from chart.scaling import Autoscaling, Keda, Pdb
from chart.shape import UNREAD, Annotations, Labels, Name, Text, Toleration, Values, native
from chart.tier import Auth, Gpu, Model, ModelCache, Server, Tests
from chart.workloads import PullSecret

ShortName = Annotated[str, Field(max_length=63, pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$")]


class Global(Values):
    """What all components share; a chart above this one may set it for all its parts."""

    model_config = ConfigDict(extra="allow")  # what other charts beside this one read of it

    image_registry: Text = ""
    """Host, and port, of the registry of every image: all that an air-gapped cluster changes."""
    image_pull_secrets: list[PullSecret] = []
    """Secrets with the registry's password, for every pod."""
    storage_class: Name = ""
    """StorageClass of every volume that does not say its own."""
    node_selector: Labels = {}
    """Labels of the nodes of every pod."""
    tolerations: list[Toleration] = []
    """Tolerations of every pod."""
    common_labels: Labels = {}
    """More labels of every object, but not of pods, which they would restart."""
    common_annotations: Annotations = {}
    """More annotations of every object, but not of pods."""


class OpenShift(Values):
    """OpenShift."""

    enabled: bool = False
    """Whether users and groups of pods are left to it, as its SecurityContextConstraints want."""


class ChartValues(Values):
    """The whole of values.yaml."""

    enabled: Annotated[bool, Field(json_schema_extra={UNREAD: True})] = True
    """For the `condition` of a chart above this one; nothing here reads it."""
    global_: Annotated[Global, Field(alias="global")] = Global()
    """What all components share."""
    name_override: ShortName = ""
    """Replaces the chart's name in names of objects."""
    fullname_override: ShortName = ""
    """Replaces what names of objects begin with."""
    namespace_override: ShortName = ""
    """Namespace of all objects, where it is not the release's."""
    crds: Crds = Crds()
    """The definitions of our kinds."""
    server: Server = Server()
    """The embedding tier."""
    gpu: Gpu = Gpu()
    """Its GPUs."""
    model: Model = Model()
    """Its model."""
    model_cache: ModelCache = ModelCache()
    """Where downloaded models are kept."""
    auth: Auth = Auth()
    """Its API keys."""
    service: Service = Service()
    """Its address in the cluster."""
    ingress: Ingress = Ingress()
    """The way from outside."""
    http_route: HttpRoute = HttpRoute()
    """The same by the Gateway API."""
    autoscaling: Autoscaling = Autoscaling()
    """How many pods it has."""
    keda: Keda = Keda()
    """The same by KEDA."""
    pdb: Pdb = Pdb()
    """What a drain may take of it."""
    operator: Operator = Operator()
    """The operator."""
    defaults: Defaults = Defaults()
    """What it gives to indexes."""
    network_policy: NetworkPolicy = NetworkPolicy()
    """Who may reach whom."""
    metrics: Metrics = Metrics()
    """How all this is watched."""
    openshift: OpenShift = OpenShift()
    """OpenShift."""
    tests: Tests = Tests()
    """`helm test`."""
    extra_objects: list[
        Annotated[dict[str, Any], native("apimachinery.pkg.runtime.RawExtension")]
    ] = []
    """More objects of the release, as they are."""
