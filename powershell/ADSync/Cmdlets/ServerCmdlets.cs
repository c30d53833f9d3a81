using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Text;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets whether Connect upgrades itself automatically.</summary>
/// <remarks>The state is always Disabled. You update Connect yourself.</remarks>
/// <example>
/// <code>Get-ADSyncAutoUpgrade -Detail</code>
/// <para>Returns the state as an object.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncAutoUpgrade")]
[OutputType(typeof(AutoUpgradeConfigurationState), typeof(AutoUpgradeDetail))]
public sealed class GetADSyncAutoUpgrade : ConnectCmdlet
{
    private const string Setting = "Microsoft.OptionalFeature.AutoUpgradeState";

    /// <summary>Returns an object with the state, not just the state.</summary>
    [Parameter]
    public SwitchParameter Detail { get; set; }

    protected override void ProcessRecord()
    {
        var answer = Ask(null, "GET", new[] { "settings" });
        if (answer is null) return;
        var detail = Try(null, () => new AutoUpgradeDetail(
            Enum.TryParse(answer.Objects("parameters").FirstOrDefault(each => each.Text("name") == Setting)?.Text("value"), out AutoUpgradeConfigurationState state)
                ? state
                : throw new FormatException($"Suspended, Enabled or Disabled expected in '{Setting}'")));
        if (detail != null) WriteObject(Detail ? (object)detail : detail.AutoUpgradeState);
    }
}

/// <summary>Exports Connect's settings, connectors and rules to a folder.</summary>
/// <remarks>Writes GlobalSettings.xml, Connectors/Connector_{GUID}.xml and SynchronizationRules/SynchronizationRule_{GUID}.xml. Use them to document or compare configurations. You can read them with Import-Clixml. They contain no secrets.</remarks>
/// <example>
/// <code>Get-ADSyncServerConfiguration -Path ./configuration</code>
/// <para>Creates the folder and writes the files.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncServerConfiguration")]
public sealed class GetADSyncServerConfiguration : ConnectCmdlet
{
    private const int Depth = 5;

    /// <summary>The folder. Existing files with the same names are overwritten.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    protected override void ProcessRecord()
    {
        var settings = Ask(Path, "GET", new[] { "settings" });
        var connectors = settings is null ? null : Ask(Path, "GET", new[] { "connectors" });
        var rules = connectors is null ? null : Ask(Path, "GET", new[] { "rules" });
        if (settings is null || connectors is null || rules is null) return;
        // Reads everything before it writes the first file, because half a configuration in a folder would pass for a whole one.
        var files = Try(Path, () =>
        {
            var found = new List<(string Folder, string Name, object Content)> { (string.Empty, "GlobalSettings", GlobalSettings.From(settings)) };
            found.AddRange(connectors.Objects("connectors").Select(Connector.From).Select(each => ("Connectors", $"Connector_{{{each.Identifier:D}}}", (object)each)));
            found.AddRange(rules.Objects("rules").Select(SynchronizationRule.From).Select(each => ("SynchronizationRules", $"SynchronizationRule_{{{each.Identifier:D}}}", (object)each)));
            return found;
        });
        if (files is null) return;
        var root = GetUnresolvedProviderPathFromPSPath(Path);
        foreach (var (folder, name, content) in files)
        {
            var place = Directory.CreateDirectory(System.IO.Path.Combine(root, folder)).FullName;
            File.WriteAllText(System.IO.Path.Combine(place, name + ".xml"), PSSerializer.Serialize(content, Depth), new UTF8Encoding(false));
        }
    }
}
