# docker build -t rolesanywhere .
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY examples/s3-bucket-lister/package.json examples/s3-bucket-lister/
# Both secrets are optional: a registry of your own (an .npmrc) and the CA that its TLS needs.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=npm-ca,target=/run/secrets/npm-ca \
    npm ci --ignore-scripts
COPY . .
RUN npm run build
# By the names that people, docker and the kubelet call it by.
RUN cd dist/bin && for name in rolesanywhere docker-credential-rolesanywhere rolesanywhere-ecr-credential-provider; do ln -s "$name.cjs" "$name"; done

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="rolesanywhere" \
      org.opencontainers.image.description="AWS credentials from an X.509 certificate, for workloads that run where AWS does not" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The bundle has its libraries inside.
COPY --from=build /build/dist/bin/ /app/bin/
COPY package.json LICENSE /app/
ENV NODE_ENV=production
# Images keep node in different places: distroless in /nodejs/bin, the official ones in
# /usr/local/bin. A runtime finds the first word of ENTRYPOINT through PATH, so one form fits all.
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
# In numbers, so that Kubernetes can tell that it is not root.
USER 65532:65532
ENTRYPOINT ["node", "/app/bin/rolesanywhere.cjs"]
CMD ["serve"]
