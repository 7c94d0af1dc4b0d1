import { UserError } from '../errors.ts'
import { canonicalJson } from '../lineage/canonical.ts'

/** One text file of a build context. */
export interface TemplateFile {
  readonly path: string
  readonly text: string
}

/** Facts of a version that its server tells. All of it is public to whoever may call the server. */
export interface ServedVersion {
  readonly model: string
  readonly version: number
  readonly run: string
  readonly digest: string
  readonly commit: string | null
  readonly repository: string | null
  readonly data: readonly { readonly path: string; readonly sha256: string }[]
  readonly metrics: Readonly<Record<string, number | null>>
}

/** Used where refline.yml names no base: small, and kept up by its makers. */
export const defaultBase = 'python:3.13-slim'

/** Ranges rather than pins: the user's own requirements decide, these are the oldest that the server is known to work with. */
const ownRequirements = ['fastapi>=0.115', 'uvicorn>=0.32', 'joblib>=1.4', 'numpy>=1.26']

const application = `"""Serves one model version. Made by Refline; the model lies in ./model, its lineage in ./version.json."""
import json
import pathlib

import joblib
import numpy
from fastapi import FastAPI, HTTPException, Request

here = pathlib.Path(__file__).resolve().parent
version = json.loads((here / "version.json").read_text(encoding="utf-8"))
largest_body = 16 * 1024 * 1024


def model_file() -> pathlib.Path:
    named = sorted(p for p in (here / "model").rglob("*") if p.suffix in {".joblib", ".pkl", ".pickle"})
    if len(named) != 1:
        raise RuntimeError(f"expected one .joblib or .pkl file below model/, found {len(named)}")
    return named[0]


model = joblib.load(model_file())
app = FastAPI(title=f"{version['model']} v{version['version']}")


@app.get("/healthz")
def healthz() -> dict:
    return {"status": "ok"}


@app.get("/version")
def about() -> dict:
    return {"model": version["model"], "version": version["version"]}


@app.get("/lineage")
def lineage() -> dict:
    return version


def as_rows(instances: list) -> object:
    if all(isinstance(row, dict) for row in instances):
        import pandas

        return pandas.DataFrame(instances)
    return numpy.asarray(instances)


@app.post("/predict")
async def predict(request: Request) -> dict:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > largest_body:
            raise HTTPException(413, "the request is larger than 16 MiB")
    try:
        instances = json.loads(body)["instances"]
    except (ValueError, KeyError, TypeError) as problem:
        raise HTTPException(422, 'expected {"instances": [[...], ...]} or a list of objects') from problem
    if not isinstance(instances, list) or not instances:
        raise HTTPException(422, "instances must be a list with at least one row")
    try:
        rows = as_rows(instances)
        answer = {"predictions": numpy.asarray(model.predict(rows)).tolist()}
        if hasattr(model, "predict_proba"):
            answer["probabilities"] = numpy.asarray(model.predict_proba(rows)).tolist()
    except (ValueError, TypeError, KeyError) as problem:
        raise HTTPException(422, f"the model does not take these rows: {problem}") from problem
    answer["version"] = version["version"]
    return answer
`

/**
 * The build context of a serving image, without the model files, which go below `model/`. On the base `scratch` there is nothing to install and nothing that
 * could serve: the image then only carries the files.
 *
 * @param requirements text of the user's own requirements file, installed together with what the server needs
 */
export const servingContext = (version: ServedVersion, base: string, requirements: string | null): readonly TemplateFile[] => {
  if (!/^[A-Za-z0-9][\w.:/@-]*$/.test(base))
    throw new UserError(`image.base is ${JSON.stringify(base)}, expected the name of an image such as ${defaultBase}`)
  const bare = base === 'scratch'
  const dockerfile = [
    `FROM ${base}`,
    ...(bare
      ? ['WORKDIR /srv']
      : [
          'ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1',
          'WORKDIR /srv',
          'COPY requirements.txt ./',
          'RUN pip install --no-cache-dir -r requirements.txt',
        ]),
    'COPY app.py version.json ./',
    'COPY model/ ./model/',
    ...(bare
      ? []
      : ['USER 65532:65532', 'EXPOSE 8080', 'CMD ["python", "-m", "uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8080"]']),
  ]
  return [
    { path: 'Dockerfile', text: `${dockerfile.join('\n')}\n` },
    { path: 'app.py', text: application },
    { path: 'requirements.txt', text: `${[...(requirements === null ? [] : [requirements.trim()]), ...ownRequirements].join('\n')}\n` },
    { path: 'version.json', text: `${canonicalJson(version)}\n` },
  ]
}

/** Labels that tell what an image was made from: the standard ones of OCI, and Refline's own. */
export const imageLabels = (version: ServedVersion, serverUrl: string): Record<string, string> => ({
  'org.opencontainers.image.title': version.model,
  'org.opencontainers.image.version': String(version.version),
  ...(version.commit === null ? {} : { 'org.opencontainers.image.revision': version.commit }),
  ...(version.repository === null ? {} : { 'org.opencontainers.image.source': `${serverUrl}/${version.repository}` }),
  'refline.model': version.model,
  'refline.version': String(version.version),
  'refline.run': version.run,
  'refline.digest': version.digest,
  'refline.data': canonicalJson(version.data.map(({ path, sha256 }) => [path, sha256])),
})
