"""The bundle's files that are text, with $words to be filled in."""

from string import Template

BATCHING = Template("""\
# BatchingParameters, for --batching_parameters_file. Photos of several requests are computed together.
max_batch_size { value: $max_batch }
# A photo waits this long for others before a batch that is not full is computed.
batch_timeout_micros { value: $batch_timeout_micros }
# Batches that are computed at the same time; the number of cores, if photos are small.
num_batch_threads { value: $batch_threads }
# Batches that may wait. What comes when the queue is full gets UNAVAILABLE (503), and clients come back later.
max_enqueued_batches { value: $queue }
""")

MONITORING = """\
# MonitoringConfig, for --monitoring_config_file: Prometheus reads it from the REST port.
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""

DOCKERFILE = Template("""\
FROM $image
COPY config /config
COPY models /models
# The image's entry point opens gRPC on 8500 and REST on 8501, and passes these on.
CMD ["--model_config_file=/config/models.config", \\
     "--allow_version_labels_for_unavailable_models=true", \\
     "--enable_batching=true", \\
     "--batching_parameters_file=/config/batching.config", \\
     "--monitoring_config_file=/config/monitoring.config", \\
     "--rest_api_timeout_in_ms=60000"]
EXPOSE 8500 8501
# REST is opened when the model has been loaded and warmed up.
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8501"]
""")

COMPOSE = Template("""\
services:
  $name:
    build: .
    image: $name-serving:$newest
    # The server asks nobody who they are: open it to others behind something that does.
    ports:
      - "127.0.0.1:8500:8500"
      - "127.0.0.1:8501:8501"
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    restart: unless-stopped
""")

KUBERNETES = Template("""\
# Not run: its schema is tested. Push the image of compose.yaml to your registry, and name it below.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $label
  labels: {app: $label}
spec:
  selector:
    matchLabels: {app: $label}
  template:
    metadata:
      labels: {app: $label}
      annotations:  # what a Prometheus that looks for these reads
        prometheus.io/scrape: "true"
        prometheus.io/port: "8501"
        prometheus.io/path: /monitoring/prometheus/metrics
    spec:
      automountServiceAccountToken: false
      containers:
        - name: serving
          image: $name-serving:$newest
          ports:
            - {name: grpc, containerPort: 8500}
            - {name: rest, containerPort: 8501}
          # REST is opened when the model has been loaded and warmed up.
          startupProbe:
            httpGet: {path: /v1/models/$name/labels/stable, port: rest}
            periodSeconds: 5
            failureThreshold: 60
          readinessProbe:
            httpGet: {path: /v1/models/$name/labels/stable, port: rest}
            timeoutSeconds: 5
          livenessProbe:
            tcpSocket: {port: grpc}
            periodSeconds: 30
          resources:
            requests: {cpu: "$batch_threads", memory: 2Gi}
            limits: {memory: 4Gi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: tmp
          emptyDir: {}
---
apiVersion: v1
kind: Service
metadata:
  name: $label
spec:
  selector: {app: $label}
  ports:
    - {name: grpc, port: 8500, targetPort: grpc}
    - {name: rest, port: 8501, targetPort: rest}
---
# As many pods as requests need. The metric comes from the pods' monitoring endpoint, by way of Prometheus and its
# adapter, whose rule is in docs/serving.md of wsfcn_tf. How many a pod answers in time: measure it.
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: $label
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: $label}
  minReplicas: 1
  maxReplicas: 10
  metrics:
    - type: Pods
      pods:
        metric: {name: tensorflow_serving_requests_per_second}
        target: {type: AverageValue, averageValue: "1"}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 300}  # a pod takes a minute to be ready
""")

README = Template("""\
# $name on TensorFlow Serving

Versions: $versions. Version $newest also has the label `stable`.

```
docker compose up --build
```

starts `$image` with gRPC on port 8500 and REST on port 8501, for this machine only (`compose.yaml`).

On Kubernetes: push the image to your registry, name it in `kubernetes.yaml`, and `kubectl apply -f kubernetes.yaml`.
That has not been run.

## Ask it

With `curl`: any JPEG or PNG in, a mask of its size out, as a PNG whose pixels are labels: 0 is background, i the
class in line i of `models/$name/$newest/assets.extra/classes.txt`.

```bash
printf '{"inputs": {"image_bytes": [{"b64": "%s"}]}}' "$$(base64 < photo.jpg | tr -d '\\n')" |
  curl --silent --fail-with-body --data @- http://localhost:8501/v1/models/$name/labels/stable:predict > reply.json
python3 -c '
import base64, json
outputs = json.load(open("reply.json"))["outputs"]
open("mask.png", "wb").write(base64.b64decode(outputs["mask_bytes"][0]["b64"]))
print(outputs["labels"][0], outputs["scores"][0])
'
```

With gRPC, where `tensorflow-serving-api` is installed:

```python
import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

request = predict_pb2.PredictRequest()
request.model_spec.name = "$name"
request.model_spec.signature_name = "serving_default"
with open("photo.jpg", "rb") as photo:
    request.inputs["image_bytes"].CopyFrom(tf.make_tensor_proto([photo.read()]))
with grpc.insecure_channel("localhost:8500") as channel:
    reply = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
with open("mask.png", "wb") as mask:
    mask.write(reply.outputs["mask_bytes"].string_val[0])
print(reply.outputs["labels"].string_val[0].decode(), tf.make_ndarray(reply.outputs["scores"])[0].tolist())
```

With wsfcn_tf, which makes batches, tries again and checks what comes back:

```python
from wsfcn_tf.serving import Client

with Client("http://localhost:8501/v1/models/$name") as client:
    prediction = client.predict(["photo.jpg"])[0]
```

```
python -m wsfcn_tf predict --server http://localhost:8501/v1/models/$name --output masks photo.jpg
```

## Look after it

- Is it ready? `curl http://localhost:8501/v1/models/$name` says AVAILABLE of each version.
- What does it do? Prometheus reads `http://localhost:8501/monitoring/prometheus/metrics`.
- `config/batching.config`: photos of up to $max_batch are computed together. A request of more is refused.
- A new version, or the way back to an old one: change `versions` and `version_labels` in `config/models.config`.
- Each version was given warm-up requests, generated scenes: it is served when it has answered them.
""")
