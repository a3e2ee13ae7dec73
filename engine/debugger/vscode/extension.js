const { debug, workspace, DebugAdapterExecutable } = require("vscode");
const thisFile = { type: "gradients", request: "launch", name: "Gradients of this file", program: "${file}" };
const python = config => config.python || workspace.getConfiguration("gradients").get("python");
exports.activate = context => context.subscriptions.push(
    debug.registerDebugConfigurationProvider("gradients", {
        resolveDebugConfiguration: (folder, config) => config.type ? config : thisFile }),
    debug.registerDebugAdapterDescriptorFactory("gradients", {
        createDebugAdapterDescriptor: ({ configuration }) =>
            new DebugAdapterExecutable(python(configuration), ["-m", "engine", "dap"]) }));
