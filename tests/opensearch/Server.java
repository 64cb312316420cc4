// An OpenSearch of one node with the ingest role, on free ports, with its data in the folder that it is told. Prints where it listens.

import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.http.HttpServerTransport;

public final class Server {
    public static void main(final String[] arguments) throws Exception {
        final OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> {
            settings.putList("node.roles", "cluster_manager", "data", "ingest");
            settings.put("discovery.type", "single-node");
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", "0");
            settings.put("transport.port", "0");
            // It would place nothing on a disk that is fairly full, whatever is left of it.
            settings.put("cluster.routing.allocation.disk.threshold_enabled", "false");
        });
        runner.build(OpenSearchRunner.newConfigs().numOfNode(1).basePath(arguments[0]).disableESLogger());
        final HttpServerTransport http = runner.node().injector().getInstance(HttpServerTransport.class);
        System.out.println("listening on " + http.boundAddress().publishAddress());
        // A node has no thread that keeps the process.
        Thread.currentThread().join();
    }
}
