using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Causeway.PowerShellHost;

// PowerShell's own engine in a program of ours, where there is no pwsh: it runs a script file as 'pwsh -NoProfile -File' would, and
// writes the module's help. Exit code 1 when the script ends by an error.
if (args is ["--write-help", var module, var comments]) return HelpWriter.Write(module, comments);
if (args is not [var script])
{
    Console.Error.WriteLine("usage: causeway-powershell-host SCRIPT | --write-help MODULE-FOLDER COMMENTS.xml");
    return 2;
}

var host = new ConsoleHost();
using var runspace = RunspaceFactory.CreateRunspace(host, Session.Create());
runspace.Open();
using var shell = PowerShell.Create(runspace);
shell.Streams.Error.DataAdded += (_, added) => ConsoleHost.WriteError(shell.Streams.Error[added.Index]);
try
{
    shell.AddCommand(Path.GetFullPath(script), useLocalScope: false).AddCommand("Out-Default").Invoke();
    return host.ExitCode;
}
catch (RuntimeException error)
{
    ConsoleHost.WriteError(error.ErrorRecord);
    return 1;
}
