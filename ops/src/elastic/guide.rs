//! How the files get into a store.

use crate::elastic::Store;
use crate::file::File;
use crate::kit::Kit;

pub(crate) fn file(kit: &Kit, store: Store) -> File {
    let (name, variable, policies, labels) = match store {
        Store::Elasticsearch => (
            "Elasticsearch 8.9 or newer",
            "ELASTICSEARCH",
            "_ilm/policy",
            "flattened",
        ),
        Store::OpenSearch => (
            "OpenSearch 2.19 or newer",
            "OPENSEARCH",
            "_plugins/_ism/policies",
            "flat_object",
        ),
    };
    let (logs, environment) = (kit.logs(), kit.log_environment());
    let viewer = match store {
        Store::Elasticsearch => "Kibana",
        Store::OpenSearch => "OpenSearch Dashboards",
    };
    let again = match store {
        Store::Elasticsearch => "",
        Store::OpenSearch => {
            "A policy that is there is refused, unless its `if_seq_no` and `if_primary_term` are told: to put the others again, leave it out.\n"
        }
    };
    let import = match store {
        Store::Elasticsearch => {
            "curl -X POST \"$KIBANA/api/saved_objects/_import?overwrite=true\" -H 'kbn-xsrf: true' --form file=@../kibana/logs.ndjson"
        }
        Store::OpenSearch => {
            "curl -X POST \"$DASHBOARDS/api/saved_objects/_import?overwrite=true\" -H 'osd-xsrf: true' --form file=@../kibana/logs.ndjson"
        }
    };
    File::new(
        format!("{}/README.md", store.folder()),
        format!(
            "# Log lines of {job} in {name}

The path of each file here is the address that it is put to. The order matters: a template wants
what it is made of, and a stream its policy.

```sh
{variable}=http://localhost:9200
for kind in {policies} _ingest/pipeline _component_template _index_template; do
  for file in \"$kind\"/*.json; do
    curl -sS --fail-with-body -X PUT \"${variable}/${{file%.json}}\" -H 'Content-Type: application/json' --data-binary \"@$file\" || break 2
  done
done
```

{again}Streams that are there have a changed template from their next index on, which `POST {logs}.access-{environment}/_rollover` begins.

Then lines may come, from Logstash (`../logstash/logs.conf`) or from any shipper that sends each line as it is, as `message`, to
`{logs}.application-{environment}` by `create`: the pipeline `{logs}` finds the stream. In place of `{environment}` stands the environment;
it has no dash, here or anywhere.

What {viewer} shows:

```sh
{import}
```

## What becomes of a line

- It goes to `{logs}.application-…`, `.access-…`, `.database-…` or `.authentication-…`, by its `event.dataset`; a line of PostgreSQL's jsonlog
  becomes one of the database, without the values of statements.
- Fields are those of the mapping `{logs}@mappings`, and no others. What the service adds is in `labels` (`{labels}`): `labels.order_id:4711` finds
  it, and a chart cannot count it. `event.action` says what was done (`GET /api/v1/products/{{id}}`, `SELECT`) and can be counted.
- A field that is unknown, or holds what it should not, becomes a text in `labels`, and the line has the tag `unknown_field` or `wrong_type`.
- A line that is no JSON is kept in `message`, with the tag `not_json`. Of the database such a line is not kept, since it may hold values: in its
  place a line with the tag `not_jsonlog` tells that it was there. The search *Not understood* shows them all.
- An index is followed by another after 7 days or at 25 GB, and kept for 30 days from then on: `{policies}/{logs}.json`.
",
            job = kit.job,
        ),
    )
}
