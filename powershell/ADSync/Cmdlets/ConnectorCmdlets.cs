using System;
using System.Management.Automation;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets the connectors of the forests and of the tenant.</summary>
/// <remarks>Returns one connector by its name or identifier, or all of them. Names are case-sensitive. If a name does not exist, the error lists the names that do. To save changes to a connector's parameters, pass the connector to Add-ADSyncConnector.</remarks>
/// <example>
/// <code>Get-ADSyncConnector</code>
/// <para>Lists all connectors.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncConnector | Where-Object { $_.ConnectorTypeName -eq 'AD' } | ForEach-Object { $_.Name }</code>
/// <para>Lists the names of the forests.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncConnector", DefaultParameterSetName = "ByName")]
[OutputType(typeof(Connector))]
public sealed class GetADSyncConnector : ConnectCmdlet
{
    /// <summary>The connector's name. Case matters. Default: all connectors.</summary>
    [Parameter(Position = 0, ParameterSetName = "ByName", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The connector's GUID.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ByIdentifier")]
    public Guid Identifier { get; set; }

    protected override void ProcessRecord()
    {
        var wanted = ParameterSetName == "ByIdentifier" ? Identifier.ToString("D") : Name;
        if (wanted is null) EmitAll(null, "connectors", Connector.From, new[] { "connectors" });
        else Emit(wanted, Connector.From, new[] { "connectors", wanted });
    }
}

/// <summary>Saves the parameters of a connector that Get-ADSyncConnector returned.</summary>
/// <remarks>Saves the global parameters and the parameters of each partition. If someone else has saved the connector since you read it, the cmdlet refuses to overwrite that change. Get the connector again, and repeat your change. The parameter Microsoft.Synchronize.ForceFullPasswordSync takes effect when the password channel is next switched on. To apply it, switch the channel off and on with Set-ADSyncAADPasswordSyncConfiguration. Despite its name, the cmdlet does not add connectors. You add them in Connect's configuration file.</remarks>
/// <example>
/// <code>$c = Get-ADSyncConnector -Name corp.example.com
/// $p = New-Object Microsoft.IdentityManagement.PowerShell.ObjectModel.ConfigurationParameter 'Microsoft.Synchronize.ForceFullPasswordSync', String, ConnectorGlobal, $null, $null, $null
/// $p.Value = 1
/// $c.GlobalParameters.Remove($p.Name)
/// $c.GlobalParameters.Add($p)
/// $c = Add-ADSyncConnector -Connector $c</code>
/// <para>Requests a full password synchronization of a forest. It starts when you switch the channel off and on.</para>
/// </example>
[Cmdlet(VerbsCommon.Add, "ADSyncConnector", SupportsShouldProcess = true)]
[OutputType(typeof(Connector))]
public sealed class AddADSyncConnector : ConnectCmdlet
{
    /// <summary>The connector with the changed parameters.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Connector? Connector { get; set; }

    protected override void ProcessRecord()
    {
        var connector = Connector!;
        if (!ShouldProcess(connector.Name, "save the parameters of the connector")) return;
        if (!(Try(connector, connector.ToJson) is { } body)) return;
        var answer = Ask(connector, "PUT", new[] { "connectors", connector.Name }, Query("version", connector.Version), body);
        if (answer is null || !(Try(connector, () => Microsoft.IdentityManagement.PowerShell.ObjectModel.Connector.From(answer)) is Connector saved)) return;
        // A script may keep using its own object instead of the returned one, so that gets the new version too.
        connector.Version = saved.Version;
        WriteObject(saved);
    }
}

/// <summary>Gets the number of pending changes in the connector spaces.</summary>
/// <remarks>Counts the adds, updates and deletes that are waiting to be imported or exported, and all objects, for one connector or for each.</remarks>
/// <example>
/// <code>Get-ADSyncConnectorStatistics -ConnectorName corp.example.com</code>
/// <para>Shows the counts of one forest.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncConnector | Get-ADSyncConnectorStatistics</code>
/// <para>Shows the counts of each connector.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncConnectorStatistics")]
[OutputType(typeof(ConnectorStatistics))]
public sealed class GetADSyncConnectorStatistics : ConnectCmdlet
{
    /// <summary>The connector's name. Case matters. Default: all connectors.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConnectorNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord()
    {
        if (ConnectorName != null)
        {
            Emit(ConnectorName, ConnectorStatistics.From, new[] { "connectors", ConnectorName, "statistics" });
            return;
        }
        var answer = Ask(null, "GET", new[] { "connectors" });
        if (answer is null) return;
        foreach (var connector in Try(null, () => answer.Objects("connectors")) ?? Array.Empty<Api.JsonObject>())
            if (Try(null, () => connector.Text("name")) is string name)
                Emit(name, ConnectorStatistics.From, new[] { "connectors", name, "statistics" });
    }
}

/// <summary>Tests whether the domain controllers of a forest answer.</summary>
/// <remarks>Contacts each domain of the forest now. For a domain that does not answer, the result shows the reason.</remarks>
/// <example>
/// <code>Get-ADSyncDomainReachabilityStatus -ConnectorName corp.example.com</code>
/// <para>Tests the domain controllers of one forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncDomainReachabilityStatus")]
[OutputType(typeof(DomainReachability))]
public sealed class GetADSyncDomainReachabilityStatus : ConnectCmdlet
{
    /// <summary>The name of a forest's connector. Case matters.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() =>
        EmitAll(ConnectorName, "domains", DomainReachability.From, new[] { "connectors", ConnectorName!, "reachability" });
}
